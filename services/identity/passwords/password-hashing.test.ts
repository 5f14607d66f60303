import { Code } from "@connectrpc/connect";
import { createSecretKey } from "node:crypto";
import { expect, test } from "vitest";
import { createPepper } from "../../vault/pepper.ts";
import { fastArgon2, refusal } from "../identity-fixture.ts";
import { loadArgon2 } from "./argon2.ts";
import { createPasswordHashing } from "./password-hashing.ts";

test("a password is the same however its letters are composed", async () => {
  const hashing = createPasswordHashing({ argon2: loadArgon2(), parameters: fastArgon2 });
  const stored = await hashing.hash("cre\u0301me bru\u0302le\u0301e");
  expect(await hashing.verify(stored, "cr\u00e9me br\u00fbl\u00e9e")).toBe(true);
  expect(await hashing.verify(stored, "creme brulee")).toBe(false);
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
  await expect(hashing.hash("correct horse")).resolves.toMatchObject({
    phc: expect.stringMatching(/^\$argon2id/),
  });
});

const keyOf = (text: string) => createSecretKey(Buffer.from(text.padEnd(32)));

test("a pepper is mixed in, and who has the hashes alone cannot verify", async () => {
  const argon2 = loadArgon2();
  const pepper = createPepper("a", new Map([["a", keyOf("a")]]));
  const hashing = createPasswordHashing({ argon2, parameters: fastArgon2, pepper });
  const stored = await hashing.hash("correct horse");
  expect(stored.pepperId).toBe("a");
  expect(await hashing.verify(stored, "correct horse")).toBe(true);
  expect(await hashing.verify(stored, "correct horsf")).toBe(false);
  expect(await argon2.verify(stored.phc, "correct horse")).toBe(false);
  await expect(
    createPasswordHashing({ argon2, parameters: fastArgon2 }).verify(stored, "correct horse"),
  ).rejects.toThrow("there is none");
});

test("hashes follow a new pepper, and those from before there was one", async () => {
  const argon2 = loadArgon2();
  const plain = createPasswordHashing({ argon2, parameters: fastArgon2 });
  const old = createPasswordHashing({
    argon2,
    parameters: fastArgon2,
    pepper: createPepper("a", new Map([["a", keyOf("a")]])),
  });
  const both = new Map([
    ["b", keyOf("b")],
    ["a", keyOf("a")],
  ]);
  const hashing = createPasswordHashing({ argon2, parameters: fastArgon2, pepper: createPepper("b", both) });
  for (const before of [await plain.hash("correct horse"), await old.hash("correct horse")]) {
    expect(await hashing.verify(before, "correct horse")).toBe(true);
    expect(hashing.isOutdated(before, "correct horse")).toBe(true);
  }
  expect(hashing.isOutdated(await hashing.hash("correct horse"), "correct horse")).toBe(false);
});

test("a bcrypt hash is made anew, unless more was typed than it tells of", () => {
  const hashing = createPasswordHashing({ argon2: loadArgon2(), parameters: fastArgon2 });
  const stored = { phc: "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", pepperId: "" };
  expect(hashing.isOutdated(stored, "x".repeat(72))).toBe(true);
  expect(hashing.isOutdated(stored, "x".repeat(73))).toBe(false);
  expect(hashing.isOutdated(stored, "é".repeat(37))).toBe(false);
});
