import { expect, test } from "vitest";
import { parseOrigin } from "./origin.ts";

test.each([
  ["https://id.example.com", "https://id.example.com"],
  ["https://id.example.com:8443/", "https://id.example.com:8443"],
  ["http://localhost:8080", "http://localhost:8080"],
  ["http://acme.localhost:8080", "http://acme.localhost:8080"],
  ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
  ["http://127.1:8080", "http://127.0.0.1:8080"],
  ["http://[::1]:8080", "http://[::1]:8080"],
])("%s is an origin", (origin, expected) => {
  expect(parseOrigin(origin)).toBe(expected);
});

test.each([
  "",
  "localhost:8080",
  "/v1",
  "ftp://id.example.com",
  "https://",
  "https://id.example.com/v1",
  "https://id.example.com?a=b",
  "https://id.example.com?",
  "https://id.example.com#a",
  "https://id.example.com#",
  "https://me:pw@id.example.com",
  "https://:@id.example.com",
  "http://id.example.com",
  "http://localhost.example.com",
  "http://10.0.0.1",
  "http://127.0.0.1.example.com",
  "http://[::2]",
  "https://me:pw@[",
  "http://me:pw@id.example.com",
])("%s is refused by name, and its password is not shown", (origin) => {
  expect(() => parseOrigin(origin)).toThrow(/^origin: /);
  expect(() => parseOrigin(origin)).not.toThrow(/pw/);
});

test("http to another machine is taken only where that was asked for", () => {
  expect(parseOrigin("http://id.internal:8080", true)).toBe("http://id.internal:8080");
});
