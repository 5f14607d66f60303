import { ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { Caller } from "./call.ts";
import { checkHolds, holds } from "./held-permissions.ts";
import { errorInfoOf } from "./interceptors/error-mapping.ts";

const key = (...permissions: string[]): Caller => ({
  kind: "client",
  clientId: undefined,
  apiKeyId: "k",
  permissions: new Set(permissions),
  instance: false,
});
const person = (permissions: readonly string[], scopes: readonly string[]): Caller => ({
  kind: "user",
  userId: "u",
  clientId: "c",
  sessionId: "s",
  scopes: new Set(scopes),
  permissions: new Set(permissions),
  instance: false,
  authTime: 0,
});

test.each<[string, Caller, boolean]>([
  ["a key that has it", key("users.read"), true],
  ["a key that has everything", key("*"), true],
  ["a key that has another", key("users.write"), false],
  ["a person whose scope names it", person(["users.read"], ["users.read"]), true],
  ["a person whose scope does not", person(["*"], ["users.write", "*"]), false],
  ["a person whose scope says more than they have", person([], ["users.read"]), false],
  ["nobody", { kind: "public" }, false],
  ["a service", { kind: "service", service: "oauth" }, false],
])("%s", (_who, caller, answer) => {
  expect(holds(caller, "users.read")).toBe(answer);
});

test("everything is held by whoever has everything, and by nobody else", () => {
  expect(holds(key("users.read", "users.write"), "*")).toBe(false);
  expect(holds(key("*"), "*")).toBe(true);
  expect([holds(person(["*"], ["users.read"]), "*"), holds(person(["*"], ["*"]), "*")]).toEqual([false, true]);
});

test("the refusal names what is missing", () => {
  checkHolds(key("a", "b"), ["a", "b"]);
  checkHolds({ kind: "public" }, []);
  let refused: unknown;
  try {
    checkHolds(key("a"), ["a", "b"]);
  } catch (error) {
    refused = error;
  }
  expect(errorInfoOf(ConnectError.from(refused))).toMatchObject({
    reason: "PERMISSION_DENIED",
    metadata: { permission: "b" },
  });
});
