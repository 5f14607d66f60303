import fc from "fast-check";
import { generateSync } from "otplib";
import { expect, test } from "vitest";
import { acceptedStep, newTotpSecret, totpUri } from "./totp.ts";

// RFC 6238 appendix B, of which apps show the last six digits.
const rfcSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const vectors: readonly (readonly [seconds: number, code: string])[] = [
  [59, "287082"],
  [1_111_111_109, "081804"],
  [1_111_111_111, "050471"],
  [1_234_567_890, "005924"],
  [2_000_000_000, "279037"],
];

test.each(vectors)("RFC 6238 appendix B: at %d s the code is %s", async (seconds, code) => {
  expect(await acceptedStep(rfcSecret, code, seconds * 1_000, 0)).toBe(Math.floor(seconds / 30));
});

test("the present step and its neighbours are accepted, no other, and none up to the last one", async () => {
  const seconds = fc.integer({ min: 1_700_000_000, max: 4_000_000_000 });
  await fc.assert(
    fc.asyncProperty(
      seconds,
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -3, max: 3 }),
      async (now, off, last) => {
        const present = Math.floor(now / 30);
        const code = generateSync({ secret: rfcSecret, epoch: (present + off) * 30 });
        const neighbours = [-1, 0, 1].map((step) => generateSync({ secret: rfcSecret, epoch: (present + step) * 30 }));
        fc.pre(
          neighbours.filter((one) => one === code).length <= 1 && (Math.abs(off) <= 1 || !neighbours.includes(code)),
        );
        const accepted = await acceptedStep(rfcSecret, code, now * 1_000, present + last);
        expect(accepted).toBe(Math.abs(off) <= 1 && off > last ? present + off : undefined);
      },
    ),
  );
});

test("spaces and dashes do not matter, nor what nobody sees, nor how a digit is written; everything else is no code", async () => {
  const at = 59_000;
  for (const typed of ["287 082", " 287082 ", "287-082", "287\u2011082", "\u200b287\u2013082\u200e", "２８７０８２"])
    expect(await acceptedStep(rfcSecret, typed, at, 0)).toBe(1);
  for (const typed of ["", "28708", "2870820", "28708x", "-87082", "287082\0", "94287082"]) {
    expect(await acceptedStep(rfcSecret, typed, at, 0)).toBeUndefined();
  }
});

test("a secret is 160 random bits, and its URI names issuer and person", async () => {
  const [one, other] = [await newTotpSecret(), await newTotpSecret()];
  expect(one).toMatch(/^[A-Z2-7]{32}$/);
  expect(one).not.toBe(other);
  const uri = new URL(await totpUri(one, { issuer: "Acme & Co", label: "ana@example.com" }));
  expect(decodeURIComponent(uri.pathname)).toContain("Acme & Co:ana@example.com");
  expect(Object.fromEntries(uri.searchParams)).toMatchObject({ secret: one, issuer: "Acme & Co" });
});
