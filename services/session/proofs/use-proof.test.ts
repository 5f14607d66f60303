import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { UseProofRequestSchema } from "#gen/koder/session/v1/proof_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { testFolder } from "../../store/drivers/sqlite/test-folder.ts";
import { sessionFixture } from "../session-fixture.ts";
import { useProof } from "./use-proof.ts";

describe.each(["memory", "sqlite"])("A13: a one-time proof, on %s", (driver) => {
  async function fixture() {
    const f = await sessionFixture(driver === "memory" ? "memory:" : `sqlite:${join(testFolder(), "db")}`);
    const now = f.dependencies.clock;
    return {
      ...f,
      use: async (proofId: string, tenantId = "t1") => {
        const request = create(UseProofRequestSchema, { proofId, expireTime: timestampFromMs(now() + 60_000) });
        return (await useProof(f.dependencies)(request, handlerContext({ tenantId }))).first;
      },
    };
  }

  test("is used once, in each tenant", async () => {
    const { use, store } = await fixture();
    expect(await use("a".repeat(43))).toBe(true);
    expect(await use("a".repeat(43))).toBe(false);
    expect(await use("a".repeat(43), "t2")).toBe(true);
    expect(await use("b".repeat(43))).toBe(true);
    await store.close();
  });

  test("of a hundred at once, one is the first", async () => {
    const { use, store } = await fixture();
    const firsts = await Promise.all(Array.from({ length: 100 }, () => use("a".repeat(43))));
    expect(firsts.filter((first) => first)).toHaveLength(1);
    await store.close();
  });

  test("is remembered for five minutes beyond its end, for clocks that differ", async () => {
    const f = await fixture();
    const { use, store } = f;
    await use("a".repeat(43));
    f.advance(60_000 + 299_999);
    expect(await use("a".repeat(43))).toBe(false);
    f.advance(1);
    expect(await use("a".repeat(43))).toBe(true);
    await store.close();
  });
});
