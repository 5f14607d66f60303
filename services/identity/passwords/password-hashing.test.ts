import { Code } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { fastArgon2, refusal } from "../identity-fixture.ts";
import { loadArgon2 } from "./argon2.ts";
import { createPasswordHashing } from "./password-hashing.ts";

test("a password is the same however its letters are composed", async () => {
  const hashing = createPasswordHashing({ argon2: loadArgon2(), parameters: fastArgon2 });
  const phc = await hashing.hash("cre\u0301me bru\u0302le\u0301e");
  expect(await hashing.verify(phc, "cr\u00e9me br\u00fbl\u00e9e")).toBe(true);
  expect(await hashing.verify(phc, "creme brulee")).toBe(false);
  expect(await hashing.verify(undefined, "cr\u00e9me br\u00fbl\u00e9e")).toBe(false);
});

test("A27: a storm is answered HASHING_BUSY beyond the queue, and the queue is worked off", async () => {
  const hashing = createPasswordHashing({ argon2: loadArgon2(), parameters: fastArgon2, atOnce: 1 });
  const storm = Array.from({ length: 200 }, () => hashing.hash("correct horse"));
  const settled = await Promise.allSettled(storm);
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(65);
  const busy = settled.findIndex(({ status }) => status === "rejected");
  expect(await refusal(storm[busy] ?? Promise.resolve())).toMatchObject({
    reason: "HASHING_BUSY",
    code: Code.ResourceExhausted,
  });
  await expect(hashing.hash("correct horse")).resolves.toMatch(/^\$argon2id/);
});
