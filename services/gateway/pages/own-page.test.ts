import { expect, test } from "vitest";
import { isFromOurPage } from "./own-page.ts";

const origin = "https://id.example.com";

test("A26: a form of another site is refused", () => {
  expect(isFromOurPage({ "sec-fetch-site": "same-origin", origin }, origin)).toBe(true);
  expect(isFromOurPage({ origin }, origin)).toBe(true);
  expect(isFromOurPage({}, origin)).toBe(true);
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin },
    { "sec-fetch-site": "none", origin },
    { origin: "https://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "same-origin", origin: "https://id.example.com:8443" },
  ]) {
    expect(isFromOurPage(headers, origin), JSON.stringify(headers)).toBe(false);
  }
});
