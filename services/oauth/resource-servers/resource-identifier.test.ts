import { expect, test } from "vitest";
import { identifierFault } from "./resource-identifier.ts";

const issuer = "https://id.example";

test.each([
  "https://api.example.com",
  "https://api.example.com/orders?v=1",
  "urn:koder:orders",
  "api://orders",
  "http://localhost:9000/",
])("%s can be an identifier", (identifier) => {
  expect(identifierFault(identifier, issuer)).toBeUndefined();
});

test.each([
  "",
  "orders",
  "/orders",
  "https://api.example.com/#part",
  "https://api.example.com/a b",
  "https://user@api.example.com/",
  "https://:secret@api.example.com/",
  'https://api.example.com/"',
  "https://api.example.com/\\a",
  "HTTPS://api.example.com",
  "https://api.exämple.com",
  "https://",
  issuer,
  `${issuer}/`,
])("%j cannot", (identifier) => {
  expect(identifierFault(identifier, issuer)).toBeDefined();
});
