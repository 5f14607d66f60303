import { globSync, readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { GetUserRequestSchema, UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { patternSentence } from "./pattern-sentences.ts";
import { validationInterceptor } from "./validation.ts";

const root = new URL("../../../", import.meta.url).pathname;
const patterns = new Set(
  globSync("proto/koder/*/v1/*.proto", { cwd: root })
    .filter((name) => !name.endsWith("_internal.proto"))
    .flatMap((name) => [...readFileSync(`${root}${name}`, "utf8").matchAll(/\.pattern = ("(?:[^"\\]|\\.)*")/g)])
    .map(([, literal = '""']) => JSON.parse(literal) as string),
);

describe("people read what a field must be, and no pattern", () => {
  test("the contract has patterns", () => {
    expect(patterns.size).toBeGreaterThan(20);
  });

  test.each([...patterns])("%s", (pattern) => {
    expect(patternSentence(pattern)).toMatch(/^must /);
  });

  test("a refusal has the sentence", () => {
    const message = create(GetUserRequestSchema, { userId: "ana" });
    const refused = () =>
      void validationInterceptor()(() => {
        throw new Error("was not refused");
      })({ stream: false, method: UserService.method.getUser, message } as never);
    expect(refused).toThrow('user_id: must be an id of 26 characters, as in 01J9ZK3V5T8QW2X4Y6Z7ABCDEF, or "me"');
    expect(refused).not.toThrow("regex");
  });
});
