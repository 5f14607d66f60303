import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import { isSignedInSince, sessionsBefore } from "./signed-in-since.ts";

const came = Date.UTC(2026, 0, 1);
/** A session whose person signed in so many ms after the request came, by the clock of the server where they did. */
const session = (after: number, id = "s1") => create(SessionSchema, { id, authTime: timestampFromMs(came + after) });
const request = (...before: ReturnType<typeof session>[]) =>
  create(AuthorizationSchema, {
    createTime: timestampFromMs(came),
    sessionsBefore: sessionsBefore(before.map((one) => ({ session: one }))),
  });

test("who signs in at a server whose clock is behind has signed in since, though not by the time", () => {
  expect(isSignedInSince(request(), session(-4_000))).toBe(true);
  expect(isSignedInSince(request(session(-60_000)), session(-4_000)), "anew, in the session of before").toBe(true);
  expect(isSignedInSince(request(session(-60_000, "s2")), session(-4_000))).toBe(true);
});

test("who had signed in before at a server whose clock is ahead has not signed in since", () => {
  for (const after of [4_000, 30_000]) expect(isSignedInSince(request(session(after)), session(after))).toBe(false);
  expect(isSignedInSince(request(session(-1_000, "s2"), session(4_000)), session(4_000))).toBe(false);
});

test("a browser that kept back what it has gains nothing by it", () => {
  expect(isSignedInSince(request(), session(-5_001))).toBe(false);
});

test("the times decide about a request that was stored by a version of before", () => {
  const { createTime } = request();
  const stored = create(AuthorizationSchema, createTime ? { createTime } : {});
  expect([session(-1), session(0), session(1)].map((one) => isSignedInSince(stored, one))).toEqual([false, true, true]);
});
