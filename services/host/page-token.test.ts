import fc from "fast-check";
import { expect, test } from "vitest";
import { openStore } from "../store/open-store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { createPageTokens } from "./page-token.ts";

async function pageTokens() {
  const store = await openStore({ url: "memory:", collections: [vaultTenantKeys], clock: Date.now });
  return createPageTokens(testVault(store, Date.now));
}
const position = fc.record({ value: fc.oneof(fc.string(), fc.maxSafeInteger()), id: fc.string() });

test("a token is read back for its tenant and listing", async () => {
  const tokens = await pageTokens();
  await fc.assert(
    fc.asyncProperty(fc.string(), position, async (listing, at) => {
      const token = await tokens.encode({ tenantId: "t1" }, listing, at);
      expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(await tokens.decode({ tenantId: "t1" }, listing, token)).toEqual(at);
    }),
  );
});

test("a request without a token begins at the first entry, and behind the last page there is none", async () => {
  const tokens = await pageTokens();
  const [call, listing] = [{ tenantId: "t1" }, "users"];
  expect(await tokens.requestedPage(call, listing, { pageSize: 0, pageToken: "" })).toEqual({ limit: 50 });
  expect(await tokens.nextPageToken(call, listing, undefined)).toBe("");

  const after = { value: "a", id: "b" };
  const pageToken = await tokens.nextPageToken(call, listing, after);
  expect(await tokens.requestedPage(call, listing, { pageSize: 2, pageToken })).toEqual({ limit: 2, after });
});

test("A22: what a listing is named with cannot be moved into the position", async () => {
  const tokens = await pageTokens();
  const named = "users\0name\0";
  const token = Buffer.from(await tokens.encode({ tenantId: "t1" }, named, { value: "a", id: "b" }), "base64url");
  const moved = Buffer.concat([token.subarray(0, 36), Buffer.from("name\0\0"), token.subarray(36)]);
  await expect(tokens.decode({ tenantId: "t1" }, "users", moved.toString("base64url"))).rejects.toThrow(/page_token/);
});

test("A22: for another tenant or listing, altered in any bit, or made up, it is refused", async () => {
  const tokens = await pageTokens();
  const refused = (tenantId: string, listing: string, token: string) =>
    expect(tokens.decode({ tenantId }, listing, token)).rejects.toThrow(/page_token/);
  await fc.assert(
    fc.asyncProperty(position, fc.nat(), fc.integer({ min: 0, max: 7 }), fc.string(), async (at, where, bit, other) => {
      const token = await tokens.encode({ tenantId: "t1" }, "users", at);
      await refused("t2", "users", token);
      await refused("t1", "users?", token);
      for (const spelling of [`${token}=`, `${token}!`, ` ${token}`, `${token}\n`])
        await refused("t1", "users", spelling);
      const bytes = Buffer.from(token, "base64url");
      const index = where % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(index) ^ (1 << bit), index);
      await refused("t1", "users", bytes.toString("base64url"));
      await refused("t1", "users", other);
    }),
  );
});
