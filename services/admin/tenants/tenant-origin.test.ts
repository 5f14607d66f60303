import { expect, test } from "vitest";
import { readHost, tenantOrigin } from "./tenant-origin.ts";

const tenant = { slug: "acme", canonicalOrigin: "", customDomain: "" };

test.each([
  ["https://id.example.com", "", "https://acme.id.example.com"],
  ["http://localhost:8080", "", "http://acme.localhost:8080"],
  ["https://id.example.com:8443", "login.acme.test", "https://login.acme.test:8443"],
])("below %s with the domain %j: %s", (publicOrigin, customDomain, origin) => {
  expect(tenantOrigin({ ...tenant, customDomain }, publicOrigin)).toBe(origin);
});

test("the default tenant is at the public origin, whatever its slug would be", () => {
  expect(tenantOrigin({ ...tenant, slug: "default" }, "https://id.example.com")).toBe("https://id.example.com");
});

test.each([
  ["acme.id.example.com", { slug: "acme" }],
  ["a.b.id.example.com", { slug: "a.b" }],
  ["login.acme.test", { domain: "login.acme.test" }],
  ["id.example.com.evil.test", { domain: "id.example.com.evil.test" }],
  ["evilid.example.com", { domain: "evilid.example.com" }],
  ["acme.id.example.com:8443", undefined],
  ["acme.id.example.com:443", undefined],
  ["acme.id.example.com/x", undefined],
  ["user@acme.id.example.com", undefined],
  ["a b", undefined],
])("the host %s", (host, read) => {
  expect(readHost(host, "https://id.example.com")).toEqual(read);
});
