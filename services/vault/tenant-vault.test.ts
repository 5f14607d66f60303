import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SealBroken } from "./sealed-box.ts";
import { createTenantVault } from "./tenant-vault.ts";

const [first, second, foreign] = [32, 32, 32].map((length) => createSecretKey(randomBytes(length))) as [
  KeyObject,
  KeyObject,
  KeyObject,
];
const before = createTenantVault("acme", new Map([[1, first]]));
const after = createTenantVault(
  "acme",
  new Map([
    [2, second],
    [1, first],
  ]),
);
const other = createTenantVault("other", new Map([[1, foreign]]));
const place = { collection: "c", id: "i", field: "f" };
const data = fc.uint8Array({ maxLength: 100 });
const use = fc.string({ unit: "grapheme", maxLength: 8 });

describe("sealing", () => {
  test("goes on across a rotation: the new version seals, the old ones open", () => {
    const old = before.seal(place, Buffer.from("old"));
    const fresh = after.seal(place, Buffer.from("new"));
    expect(Buffer.from(after.open(place, old)).toString()).toBe("old");
    expect(Buffer.from(after.open(place, fresh)).toString()).toBe("new");
    expect(() => before.open(place, fresh)).toThrow(SealBroken);
  });

  test("is of one tenant, even where two had the same key", () => {
    const twin = createTenantVault("twin", new Map([[1, first]]));
    for (const vault of [other, twin]) {
      expect(() => vault.open(place, before.seal(place, randomBytes(8)))).toThrow(SealBroken);
    }
  });

  test("answers SealBroken to bytes that are no sealed value", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(() => before.open(place, bytes)).toThrow(SealBroken);
      }),
    );
  });
});

describe("MACs", () => {
  test("verify for their use, data and version", () => {
    fc.assert(
      fc.property(use, data, (anyUse, bytes) => {
        const { keyVersion, mac } = before.mac(anyUse, bytes);
        expect(keyVersion).toBe(1);
        expect(before.verifyMac(anyUse, keyVersion, bytes, mac)).toBe(true);
        expect(after.verifyMac(anyUse, keyVersion, bytes, mac)).toBe(true);
      }),
    );
  });

  test("do not verify for another use, data, version or tenant", () => {
    fc.assert(
      fc.property(use, use, data, data, (use1, use2, bytes1, bytes2) => {
        const { mac } = after.mac(use1, bytes1);
        expect(after.verifyMac(use2, 2, bytes1, mac)).toBe(use1 === use2);
        expect(after.verifyMac(use1, 2, bytes2, mac)).toBe(Buffer.compare(bytes1, bytes2) === 0);
        expect(after.verifyMac(use1, 1, bytes1, mac)).toBe(false);
        expect(other.verifyMac(use1, 1, bytes1, before.mac(use1, bytes1).mac)).toBe(false);
      }),
    );
  });

  test.each([0, 3, -1, 1.5, Number.NaN, 2 ** 32])("are false for the unknown version %d", (version) => {
    const { mac } = after.mac("u", randomBytes(8));
    expect(after.verifyMac("u", version, randomBytes(8), mac)).toBe(false);
  });

  test("are false, not an error, when cut, drawn out or flipped", () => {
    const bytes = randomBytes(8);
    const { mac } = before.mac("u", bytes);
    expect(before.verifyMac("u", 1, bytes, mac.subarray(0, 31))).toBe(false);
    expect(before.verifyMac("u", 1, bytes, Buffer.concat([mac, mac]))).toBe(false);
    expect(before.verifyMac("u", 1, bytes, new Uint8Array())).toBe(false);
    for (let i = 0; i < 256; i++) {
      const flipped = mac.map((byte, at) => (at === i >> 3 ? byte ^ (1 << (i & 7)) : byte));
      expect(before.verifyMac("u", 1, bytes, flipped)).toBe(false);
    }
  });

  test("are no keyed hashes: the same use and data under the two give different bytes", () => {
    const { mac } = before.mac("u", Buffer.from("secret"));
    expect(before.keyedHash("u", "secret")).not.toBe(`k1:${mac.toString("base64url")}`);
  });

  test("go on after more uses than are kept", () => {
    const { mac } = before.mac("u", Buffer.from("x"));
    for (let i = 0; i < 1_000; i++) before.mac(`made up ${i}`, Buffer.from("x"));
    expect(before.verifyMac("u", 1, Buffer.from("x"), mac)).toBe(true);
  });
});

describe("keyed hashes", () => {
  test("are the same at every call, and verify for their use and secret alone", () => {
    fc.assert(
      fc.property(use, use, fc.string(), fc.string(), (use1, use2, secret1, secret2) => {
        const hash = before.keyedHash(use1, secret1);
        expect(hash).toMatch(/^k1:[A-Za-z0-9_-]{43}$/);
        expect(before.keyedHash(use1, secret1)).toBe(hash);
        expect(before.verifyKeyedHash(use1, hash, secret1)).toBe(true);
        expect(before.verifyKeyedHash(use2, hash, secret1)).toBe(use1 === use2);
        expect(before.verifyKeyedHash(use1, hash, secret2)).toBe(secret1 === secret2);
        expect(other.verifyKeyedHash(use1, hash, secret1)).toBe(false);
      }),
    );
  });

  test("of every version find what an older one made, newest first", () => {
    const old = before.keyedHash("u", "secret");
    const hashes = after.keyedHashes("u", "secret");
    expect(hashes).toEqual([after.keyedHash("u", "secret"), old]);
    expect(hashes[0]).toMatch(/^k2:/);
    expect(after.verifyKeyedHash("u", old, "secret")).toBe(true);
    expect(before.verifyKeyedHash("u", hashes[0] ?? "", "secret")).toBe(false);
  });

  test("have one spelling", () => {
    const hash = before.keyedHash("u", "secret");
    for (const spelled of [
      `k01:${hash.slice(3)}`,
      ` ${hash}`,
      `${hash}=`,
      `${hash}\n`,
      hash.slice(3),
      "",
      "k1:",
      "k9:x",
    ]) {
      expect(before.verifyKeyedHash("u", spelled, "secret"), spelled).toBe(false);
    }
  });
});

test("there is no tenant vault without a key", () => {
  expect(() => createTenantVault("acme", new Map())).toThrow(RangeError);
});
