import { createSecretKey, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createTenantVault } from "../../vault/tenant-vault.ts";
import { offeredFlow, offerFlow } from "./offered-flow.ts";

const keys = [1, 2].map((version) => [version, createSecretKey(randomBytes(32))] as const);
const before = createTenantVault("t1", new Map(keys.slice(0, 1)));
const after = createTenantVault("t1", new Map(keys));
const now = 1_700_000_000_000;
const browser = "browser-token-of-22-characters";

test("an offer gives one flow, and the same one after the tenant's key was rotated", () => {
  const offer = offerFlow(before, now, browser);
  const flow = offeredFlow(before, now + 599_999, browser, offer);
  expect(flow).toMatchObject({ version: 0, record: { passkeyChallenge: offer, userId: "", accountKey: "" } });
  expect(offeredFlow(after, now, browser, offer)?.record.idHash).toBe(flow?.record.idHash);
  expect(offerFlow(before, now, browser)).not.toBe(offer);
});

test("A2: it is good in its browser and its time, and nobody makes one up", () => {
  const offer = offerFlow(after, now, browser);
  expect(offeredFlow(after, now + 600_000, browser, offer)).toBeUndefined();
  expect(offeredFlow(after, now, "another-browser-token!", offer)).toBeUndefined();
  expect(offeredFlow(before, now, browser, offer), "by a key that is not there").toBeUndefined();
  const [nonce = "", expires = "", hash = ""] = Buffer.from(offer, "base64url").toString().split(".");
  const others = [
    "",
    "none",
    [nonce, String(Number(expires) + 1), hash].join("."),
    ["A".repeat(22), expires, hash].join("."),
    [nonce, expires, `k9:${hash.slice(3)}`].join("."),
    [nonce, expires, `k2:${"A".repeat(43)}`].join("."),
  ];
  for (const one of others) {
    expect(offeredFlow(after, now, browser, Buffer.from(one).toString("base64url")), one).toBeUndefined();
  }
});
