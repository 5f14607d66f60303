import { createHash, generateKeyPairSync, sign, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { exportPrivateKey, generateSigningKey, importSigningKey, type SigningAlg } from "./signing-key.ts";

const algs: readonly SigningAlg[] = ["RS256", "PS256", "ES256", "EdDSA"];

describe.each(algs)("a key for %s", (alg) => {
  test("is published without its private half, under its RFC 7638 thumbprint", async () => {
    const key = await generateSigningKey(alg);
    const members = {
      RS256: ["e", "kty", "n"],
      PS256: ["e", "kty", "n"],
      ES256: ["crv", "kty", "x", "y"],
      EdDSA: ["crv", "kty", "x"],
    };
    expect(Object.keys(key.publicJwk).toSorted()).toEqual(members[alg]);
    // §3: the required members in the order of their names, without white space.
    const canonical = JSON.stringify(key.publicJwk, members[alg]);
    expect(key.kid).toBe(createHash("sha256").update(canonical).digest("base64url"));
    expect(key.alg).toBe(alg);
  });

  test("comes back from its private bytes as the same key", async () => {
    const key = await generateSigningKey(alg);
    const again = await importSigningKey({ alg, privateKey: exportPrivateKey(key) });
    expect(again.kid).toBe(key.kid);
    expect(again.publicJwk).toEqual(key.publicJwk);
    const digest = alg === "EdDSA" ? null : "sha256";
    const signature = sign(digest, Buffer.from("x"), again.privateKey);
    expect(verify(digest, Buffer.from("x"), key.publicKey, signature)).toBe(true);
  });

  test("is a new one every time", async () => {
    const [one, two] = await Promise.all([generateSigningKey(alg), generateSigningKey(alg)]);
    expect(one.kid).not.toBe(two.kid);
  });
});

describe("a key of the wrong kind is refused", () => {
  const pkcs8 = {
    privateKeyEncoding: { type: "pkcs8", format: "der" },
    publicKeyEncoding: { type: "spki", format: "der" },
  } as const;
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024, ...pkcs8 }).privateKey;
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384", ...pkcs8 }).privateKey;
  const k256 = generateKeyPairSync("ec", { namedCurve: "secp256k1", ...pkcs8 }).privateKey;
  const x25519 = generateKeyPairSync("x25519", pkcs8).privateKey;

  test.each<[SigningAlg, string, Uint8Array]>([
    ["RS256", "rsa 1024", weak],
    ["PS256", "rsa 1024", weak],
    ["ES256", "ec secp384r1", p384],
    ["ES256", "ec secp256k1", k256],
    ["EdDSA", "x25519", x25519],
    ["RS256", "ec secp384r1", p384],
    ["EdDSA", "rsa 1024", weak],
  ])("%s by a key of type %s", async (alg, type, privateKey) => {
    await expect(importSigningKey({ alg, privateKey })).rejects.toThrow(`a key of type ${type} is none for ${alg}`);
  });

  test("and so are bytes that are no key", async () => {
    await expect(importSigningKey({ alg: "RS256", privateKey: new Uint8Array(40) })).rejects.toThrow(
      /DECODER|asn1|unsupported/i,
    );
  });
});
