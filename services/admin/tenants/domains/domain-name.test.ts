import { expect, test } from "vitest";
import { domainFault, ownDomainFault } from "./domain-name.ts";

test.each(["acme.com", "login.acme.co.uk", "xn--bcher-kva.example", "a-b.c1.test"])("%s is a domain", (domain) => {
  expect(domainFault(domain)).toBeUndefined();
});

test.each([
  "",
  "com",
  "acme.com.",
  ".acme.com",
  "acme..com",
  "Acme.com",
  "bücher.example",
  "acme.com:443",
  "-a.com",
  "a-.com",
  "127.0.0.1",
  "1.2",
  "::1",
  "a_b.com",
  "https://acme.com",
  "acme.com/x",
  "*.acme.com",
  `${"a".repeat(64)}.com`,
  `${"a.".repeat(130)}com`,
])("%j is none", (domain) => {
  expect(domainFault(domain)).toBeDefined();
});

test.each(["id.example.com", "acme.id.example.com", "x.localhost"])("%s is not a tenant's own", (domain) => {
  expect(ownDomainFault(domain, "https://id.example.com:8443")).toBeDefined();
  expect(ownDomainFault("example.com", "https://id.example.com:8443")).toBeUndefined();
});
