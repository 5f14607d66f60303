import { expect, test } from "vitest";
import { answeredBy, busyFault, usedUpFault, waitFault } from "./fault.ts";

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
