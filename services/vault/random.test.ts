import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomBytes, randomDigits, randomToken, timingSafeEqualBytes, timingSafeEqualText, ulid } from "./random.ts";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const timeOf = (id: string) => Array.from(id.slice(0, 10)).reduce((sum, char) => sum * 32 + alphabet.indexOf(char), 0);

describe("ulid", () => {
  // One test after the other: the time of the module's last ULID only grows.
  test("holds its moment, and ascends inside a millisecond and when the clock steps back", () => {
    let previous = "";
    let latest = 0;
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat(2 ** 31), fc.double({ min: 0, max: 1e9, noNaN: true })), { minLength: 1 }),
        (moments) => {
          for (const now of moments) {
            const id = ulid(now);
            latest = Math.max(latest, Math.trunc(now));
            expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
            expect(timeOf(id)).toBe(latest);
            expect(id > previous).toBe(true);
            previous = id;
          }
        },
      ),
    );
  });

  test("carries over where the random part counts up", () => {
    const ids = Array.from({ length: 5_000 }, () => ulid(2 ** 32));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.toSorted()).toEqual(ids);
  });

  test("ascends inside a millisecond that the clock gives in fractions", () => {
    const ids = Array.from({ length: 200 }, (_, i) => ulid(2 ** 32 + 1 + i / 200));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids.map(timeOf))).toEqual(new Set([2 ** 32 + 1]));
  });

  test("starts anew at random in a new millisecond", () => {
    const tails = Array.from({ length: 1_000 }, (_, i) => ulid(2 ** 33 + i).slice(10));
    expect(new Set(tails).size).toBe(tails.length);
    expect(new Set(tails.map((tail) => tail.at(-1))).size).toBe(32);
  });

  test.each([Number.NaN, -1, 2 ** 48, Number.POSITIVE_INFINITY])("refuses the moment %d", (now) => {
    expect(() => ulid(now)).toThrow(RangeError);
  });
});

test("random bytes are given out once, and theirs alone", () => {
  const all = Array.from({ length: 1_000 }, (_, i) => randomBytes(16 + (i % 17)));
  expect(new Set(all.map((bytes) => Buffer.from(bytes).toString("hex"))).size).toBe(all.length);
  expect(new Set(all.map(({ buffer }) => buffer)).size).toBe(all.length);
  for (const bytes of all) expect(bytes.some((byte) => byte !== 0)).toBe(true);
  expect(randomBytes(2_048)).toHaveLength(2_048);
  expect(() => randomBytes(2_049)).toThrow(RangeError);
});

test("a random token is its prefix and fresh bytes in base64url", () => {
  const tokens = Array.from({ length: 100 }, () => randomToken("kcs_"));
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens) expect(token).toMatch(/^kcs_[A-Za-z0-9_-]{43}$/);
  expect(randomToken("", 16)).toHaveLength(22);
});

test("the comparisons say what === says", () => {
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(timingSafeEqualText(a, b)).toBe(a === b);
      expect(timingSafeEqualText(a, a)).toBe(true);
      expect(timingSafeEqualBytes(Buffer.from(a), Buffer.from(b))).toBe(a === b);
      expect(timingSafeEqualBytes(Buffer.from(a), Buffer.from(a))).toBe(true);
    }),
  );
});

test("decimal digits are each as likely as any other", () => {
  const counted = new Map<string, number>();
  for (const digit of randomDigits(2_000_000)) counted.set(digit, (counted.get(digit) ?? 0) + 1);
  expect([...counted.keys()].toSorted().join("")).toBe("0123456789");
  // Seven standard deviations. Bytes modulo ten would be eleven away.
  for (const count of counted.values()) expect(Math.abs(count - 200_000)).toBeLessThan(3_000);
  expect(randomDigits(6)).toMatch(/^\d{6}$/);
});
