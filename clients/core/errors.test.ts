import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { errorId, errorMetadata, reason, requestId, retryAfterHeader, retryAfterMs, violations } from "./errors.ts";
import { failureOf, fakeUsers, guardedUsers, refused } from "./fake-users.ts";

test("an error says what the server said, however often it was wrapped", async () => {
  const rules = [
    { field: "user.email", description: "must be an address" },
    { field: "user.name", description: "is too long" },
  ];
  const failure = refused(Code.InvalidArgument, "INVALID_REQUEST", {
    violations: rules,
    retryAfterMs: 1_500,
    headers: { "x-request-id": "01ARZ3NDEKTSV4RRFFQ69G5FAV" },
  });
  const fake = fakeUsers({ answer: () => failure });
  const error = await failureOf(guardedUsers(fake).users.getUser({ userId: "me" }));
  for (const one of [error, new Error("outer", { cause: new Error("read myself", { cause: error }) })]) {
    expect(reason(one)).toBe("INVALID_REQUEST");
    expect(errorId(one)).toBe("KID-IDN-001-ABCDEF");
    expect(errorMetadata(one)["permission"]).toBe("users.read");
    expect(requestId(one)).toBe("01ARZ3NDEKTSV4RRFFQ69G5FAV");
    expect(violations(one)).toEqual(rules);
    expect(retryAfterMs(one)).toBe(1_500);
  }
});

test("an error of others has no reason", () => {
  const foreign = refused(Code.Unavailable, "USER_NOT_FOUND", { domain: "mesh.example.com" });
  const circle = new Error("circle");
  circle.cause = circle;
  for (const error of [undefined, null, "text", new Error("plain"), circle, foreign, new ConnectError("no upstream")]) {
    expect([reason(error), errorId(error), requestId(error), retryAfterMs(error)]).toEqual(Array(4).fill(undefined));
    expect([violations(error), errorMetadata(error)]).toEqual([[], {}]);
  }
});

test("Retry-After is read as seconds or as a date, and as nothing else", () => {
  const now = Date.UTC(2026, 0, 1);
  const read = (value: string) => retryAfterHeader(value, now);
  expect(["0", "7"].map(read)).toEqual([0, 7_000]);
  expect(["Thu, 01 Jan 2026 00:00:30 GMT", "Wed, 31 Dec 2025 00:00:00 GMT"].map(read)).toEqual([30_000, 0]);
  const bad = ["", "-1", "1.5", "soon", "99999999999999999999", "2026-01-01"];
  expect(bad.map(read)).toEqual(bad.map(() => undefined));
});
