import { expect, test } from "vitest";
import { createTenantShares } from "./tenant-shares.ts";

test("a tenant that has its share under way gets no more, others do, and what ends makes room, failed or not", async () => {
  const shares = createTenantShares(2);
  const [one, other] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const held = [shares.run("greedy", () => one.promise), shares.run("greedy", () => other.promise)];
  expect([shares.isFull("greedy"), shares.isFull("t1")]).toEqual([true, false]);
  await expect(shares.run("greedy", async () => "third")).rejects.toMatchObject({ fault: "busy" });
  expect(await shares.run("t1", async () => "mine")).toBe("mine");
  one.resolve("first");
  other.reject(new Error("second"));
  expect((await Promise.allSettled(held)).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(await shares.run("greedy", async () => "third")).toBe("third");
});
