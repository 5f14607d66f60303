import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import { isChoiceNeeded } from "./choose-account.ts";

const came = Date.UTC(2026, 0, 1);
const account = (signedInToClient: boolean, signedIn = came - 60_000) => ({
  session: create(SessionSchema, { authTime: timestampFromMs(signedIn) }),
  sessionToken: "",
  signedInToClient,
});
const [known, unknown] = [account(true), account(false)];
const isNeeded = (
  sessions: Parameters<typeof isChoiceNeeded>[0]["sessions"],
  asked: { prompts?: string[]; expectedSubject?: string; accountChosen?: boolean } = {},
  isSessionNamed = false,
) =>
  isChoiceNeeded({
    authorization: create(AuthorizationSchema, { createTime: timestampFromMs(came), ...asked }),
    sessions,
    isSessionNamed,
  });

test("nobody chooses where nobody is signed in, or one person whom nobody asks about", () => {
  expect(isNeeded([], { prompts: ["select_account"] })).toBe(false);
  expect(isNeeded([unknown])).toBe(false);
});

test("who is asked to choose does so once", () => {
  expect(isNeeded([known], { prompts: ["select_account"] })).toBe(true);
  expect(isNeeded([known], { prompts: ["select_account"], accountChosen: true })).toBe(false);
  expect(isNeeded([account(true, came), known], { prompts: ["select_account"] })).toBe(false);
});

test("of several the active one will do, unless the client knows another one and not this one", () => {
  expect(isNeeded([unknown, unknown])).toBe(false);
  expect(isNeeded([known, unknown])).toBe(false);
  expect(isNeeded([known, known])).toBe(false);
  expect(isNeeded([unknown, known])).toBe(true);
  expect(isNeeded([unknown, unknown, known])).toBe(true);
});

test("nobody is asked where the request says who is meant, or the person has just signed in", () => {
  expect(isNeeded([unknown, known], {}, true)).toBe(false);
  expect(isNeeded([unknown, known], { expectedSubject: "somebody who is not here" })).toBe(false);
  expect(isNeeded([account(false, came), known])).toBe(false);
  expect(isNeeded([unknown, known], { accountChosen: true })).toBe(false);
});
