import { expect, test } from "vitest";
import { wrongRelatedOrigin } from "./related-origin.ts";

const production = "https://id.acme.test";
const development = "http://localhost:8080";

test.each([
  ["https://app.acme.test", production, true],
  ["https://app.acme.test:8443", production, true],
  ["https://acme.example", development, true],
  ["http://app.localhost:3000", development, true],
  ["http://localhost:3000", development, true],
  ["http://localhost:3000", production, false],
  ["http://app.acme.test", production, false],
  ["http://app.acme.test", development, false],
  ["https://app.acme.test/", production, false],
  ["https://app.acme.test:443", production, false],
  ["https://APP.acme.test", production, false],
  ["https://user@app.acme.test", production, false],
  ["https://app.acme.test/path", production, false],
  ["https://*.acme.test", production, false],
  ["https://192.0.2.1", production, false],
  ["https://[2001:db8::1]", production, false],
  ["android:apk-key-hash:AAAA", production, false],
  ["javascript:alert(1)", production, false],
  ["null", production, false],
  ["", production, false],
])("%s for %s: %s", (origin, canonicalOrigin, isGood) => {
  expect(wrongRelatedOrigin([origin], canonicalOrigin) === undefined).toBe(isGood);
});

test("each is named once", () => {
  const one = "https://app.acme.test";
  expect(wrongRelatedOrigin([one, one], production)).toMatch(/once/);
  expect(wrongRelatedOrigin([], production)).toBeUndefined();
});
