import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import { sessionsBefore } from "../signed-in-since.ts";
import { isSignInNeeded, isSomebodyElse } from "./sign-in.ts";

const came = Date.UTC(2026, 0, 1);

/** A request that came at `came`, looked at `later` ms after it, by a person who had signed in `signedIn` ms before it. */
const needed = (
  signedIn: number | undefined,
  { maxAge, freshSignIn = false }: { readonly maxAge?: number; readonly freshSignIn?: boolean },
  later = 0,
) =>
  isSignInNeeded({
    authorization: create(AuthorizationSchema, {
      createTime: timestampFromMs(came),
      freshSignIn,
      ...(maxAge === undefined ? {} : { maxAge: BigInt(maxAge) }),
    }),
    session: signedIn === undefined ? undefined : create(SessionSchema, { authTime: timestampFromMs(came - signedIn) }),
    subject: "",
    now: came + later,
  });

test("nobody is signed in", () => {
  expect(needed(undefined, {})).toBe(true);
  expect(needed(undefined, { maxAge: 1_000_000 })).toBe(true);
});

test("a sign-in of any age will do, unless an age was asked for", () => {
  expect(needed(30 * 86_400_000, {})).toBe(false);
  expect(needed(10_000, { maxAge: 10 })).toBe(false);
  expect(needed(10_001, { maxAge: 10 })).toBe(true);
  expect(needed(1, { maxAge: 0 })).toBe(true);
});

test("a sign-in before the request is none where a new one was asked for", () => {
  expect(needed(1, { freshSignIn: true })).toBe(true);
  expect(needed(1, { freshSignIn: true, maxAge: 10 })).toBe(true);
});

test("a sign-in before the request at a server whose clock is ahead is none where a new one was asked for", () => {
  const session = create(SessionSchema, { id: "s1", authTime: timestampFromMs(came + 4_000) });
  for (const asked of [{ freshSignIn: true }, { maxAge: 0n }]) {
    const authorization = create(AuthorizationSchema, {
      createTime: timestampFromMs(came),
      sessionsBefore: sessionsBefore([{ session }]),
      ...asked,
    });
    expect(isSignInNeeded({ authorization, session, subject: "", now: came })).toBe(true);
  }
});

test("a sign-in for the request is young enough, however long the person took afterwards", () => {
  expect(needed(-5_000, { freshSignIn: true, maxAge: 0 }, 600_000)).toBe(false);
  expect(needed(10_000, { maxAge: 60 }, 60_000), "an older one ages while the request waits").toBe(true);
});

test("who has signed in for the request as another than the one expected is somebody else; who had before may sign in anew", () => {
  const isSomebody = (signedIn: number, expectedSubject: string) =>
    isSomebodyElse(
      create(AuthorizationSchema, { createTime: timestampFromMs(came), expectedSubject }),
      create(SessionSchema, { authTime: timestampFromMs(came - signedIn) }),
      "bob",
    );
  expect(isSomebody(-1, "alice")).toBe(true);
  expect(isSomebody(1, "alice")).toBe(false);
  expect([isSomebody(-1, "bob"), isSomebody(-1, "")]).toEqual([false, false]);
});
