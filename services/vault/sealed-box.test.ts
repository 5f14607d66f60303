import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openBox, SealBroken, sealBox, versionOfBox, type BoxKey, type Place } from "./sealed-box.ts";

const key = createSecretKey(randomBytes(32));
const box: BoxKey = { key, version: 1, tenantId: "acme" };
const place: Place = { collection: "identity_totp", id: "user-1", field: "seed" };

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const places = fc.record({ collection: text, id: text, field: text });
const boxes = fc.record({ key: fc.constant(key), version: fc.nat(2 ** 32 - 1), tenantId: text });
const plaintexts = fc.uint8Array({ maxLength: 300 });

describe("a sealed value", () => {
  test("opens where it belongs", () => {
    fc.assert(
      fc.property(boxes, places, plaintexts, (anyBox, anyPlace, plaintext) => {
        const sealed = sealBox(anyBox, anyPlace, plaintext);
        expect(versionOfBox(sealed)).toBe(anyBox.version);
        expect(openBox(anyBox, anyPlace, sealed)).toEqual(new Uint8Array(plaintext));
      }),
    );
  });

  test("opens when it lies inside a larger buffer", () => {
    const sealed = sealBox(box, place, randomBytes(20));
    const around = new Uint8Array(sealed.length + 14);
    around.set(sealed, 7);
    expect(openBox(box, place, around.subarray(7, 7 + sealed.length))).toHaveLength(20);
  });

  test("opens in no other place, tenant or key version", () => {
    const elsewhere = fc.tuple(boxes, places);
    fc.assert(
      fc.property(elsewhere, elsewhere, plaintexts, ([box1, place1], [box2, place2], plaintext) => {
        fc.pre(
          JSON.stringify([box1.version, box1.tenantId, place1]) !==
            JSON.stringify([box2.version, box2.tenantId, place2]),
        );
        expect(() => openBox(box2, place2, sealBox(box1, place1, plaintext))).toThrow(SealBroken);
      }),
    );
  });

  test.each<[string, BoxKey, Place]>([
    ["collection", box, { ...place, collection: "identity_totp2" }],
    ["id", box, { ...place, id: "user-2" }],
    ["field", box, { ...place, field: "seed2" }],
    ["border between id and field", box, { ...place, id: "user-1s", field: "eed" }],
    ["tenant", { ...box, tenantId: "evil" }, place],
    ["border between tenant and collection", { ...box, tenantId: "acmei" }, { ...place, collection: "dentity_totp" }],
    ["version", { ...box, version: 2 }, place],
    ["key", { ...box, key: createSecretKey(randomBytes(32)) }, place],
  ])("does not open with another %s", (_what, otherBox, otherPlace) => {
    expect(() => openBox(otherBox, otherPlace, sealBox(box, place, randomBytes(20)))).toThrow(SealBroken);
  });

  test("does not pass for one of another version by its header alone", () => {
    const sealed = sealBox(box, place, randomBytes(20));
    new DataView(sealed.buffer).setUint32(1, 2);
    expect(() => openBox({ ...box, version: 2 }, place, sealed)).toThrow(SealBroken);
  });

  test("breaks with any bit that flips", () => {
    const sealed = sealBox(box, place, randomBytes(20));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const flipped = sealed.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => openBox(box, place, flipped), `bit ${bit}`).toThrow(SealBroken);
    }
  });

  test("breaks when it is cut, drawn out or nothing at all", () => {
    const sealed = sealBox(box, place, randomBytes(20));
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openBox(box, place, sealed.subarray(0, length)), `length ${length}`).toThrow(SealBroken);
    }
    expect(() => openBox(box, place, new Uint8Array([...sealed, 0]))).toThrow(SealBroken);
  });

  test("is a new one every time, and says nothing of its content but the length", () => {
    const plaintext = Buffer.from("JBSWY3DPEHPK3PXP");
    const [one, two] = [sealBox(box, place, plaintext), sealBox(box, place, plaintext)];
    expect(one).not.toEqual(two);
    expect(one.length).toBe(two.length);
    expect(Buffer.from(one).includes(plaintext)).toBe(false);
  });
});

test("SealBroken names the place and nothing of the value", () => {
  const secret = "JBSWY3DPEHPK3PXP";
  const sealed = sealBox(box, place, Buffer.from(secret));
  const error = refusalOf(() => openBox(box, { ...place, id: "user-2" }, sealed));
  expect(error.message).toBe("the sealed identity_totp.seed of user-2 (tenant acme) does not open");
  expect(error).toMatchObject({ tenantId: "acme", place: { ...place, id: "user-2" } });
  expect(error.cause).toBeUndefined();
  expect(inspect(error, { depth: null })).not.toContain(secret);
});

function refusalOf(work: () => unknown): SealBroken {
  try {
    work();
  } catch (error) {
    if (error instanceof SealBroken) return error;
    throw error;
  }
  throw new Error("the box opened");
}
