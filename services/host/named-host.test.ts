import { expect, test } from "vitest";
import { namedHost } from "./named-host.ts";

test.each([
  [["Host", "Id.Example:8443", "accept", "*/*"], "id.example:8443"],
  [[":method", "GET", ":authority", "id.example"], "id.example"],
  [[":authority", "ID.example", "host", "id.example"], "id.example"],
])("A25: %j names one host", (headers, host) => {
  expect(namedHost(headers)).toBe(host);
});

test.each([
  [[]],
  [["accept", "*/*", "x-host", "id.example"]],
  [["host", ""]],
  [["Host", "id.example", "host", "other.example"]],
  [["host", "id.example", "host", "id.example"]],
  [[":authority", "id.example", "host", "other.example"]],
  [["host", "other.example", ":authority", "id.example"]],
])("A25: %j names none, or two", (headers) => {
  expect(namedHost(headers)).toBeUndefined();
});
