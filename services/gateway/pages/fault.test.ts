import { expect, test } from "vitest";
import { answeredBy, busyFault, usedUpFault, waitFault } from "./fault.ts";
import { textsOf } from "./texts.ts";

test("a page is answered as its fault says, with how long to wait, and well without one", () => {
  const id = "KID-AUTH-001-000000";
  expect(answeredBy(undefined)).toEqual({ status: 200, headers: {} });
  expect(answeredBy(usedUpFault({ id }))).toEqual({ status: 429, headers: {} });
  expect(answeredBy(busyFault({ id, headers: {} }))).toEqual({ status: 503, headers: { "retry-after": "2" } });
  expect(answeredBy(waitFault({ id, headers: { "retry-after": "40" } }))).toEqual({
    status: 429,
    headers: { "retry-after": "40" },
  });
});

test("how long to wait is said in seconds, of one as people say it, and beyond a minute and a half in minutes", () => {
  const said = (seconds: number) =>
    waitFault({ id: "KID-AUTH-001-000000", headers: { "retry-after": String(seconds) } }).sentence(textsOf("en-US"));
  expect([1, 2, 90, 91].map(said)).toEqual(
    ["a second", "2 seconds", "90 seconds", "2 minutes"].map(
      (time) => `There were too many attempts. Wait ${time}, then try again.`,
    ),
  );
});
