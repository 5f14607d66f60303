import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { isSignedBy, readForeignJwt } from "./foreign-jwt.ts";
import { foreignKey } from "./foreign-key.ts";

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");
const jwk = (key: KeyObject): Record<string, unknown> => ({ ...key.export({ format: "jwk" }) });

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const claims = { iss: "a" };
function jwt(header: Record<string, unknown>, signer: (input: Buffer) => Buffer): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signer(Buffer.from(input)).toString("base64url")}`;
}
const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const signers = {
  RS256: (input: Buffer) => sign("sha256", input, rsa.privateKey),
  PS256: (input: Buffer) => sign("sha256", input, { key: rsa.privateKey, ...pss }),
  ES256: (input: Buffer) => sign("sha256", input, { key: ec.privateKey, dsaEncoding: "ieee-p1363" }),
  EdDSA: (input: Buffer) => sign(null, input, ed.privateKey),
  Ed25519: (input: Buffer) => sign(null, input, ed.privateKey),
};
const keyFor = (alg: string) => (/^[RP]S/.test(alg) ? rsa : alg === "ES256" ? ec : ed).publicKey;
const keyOf = (value: unknown) => {
  const key = foreignKey(value);
  if (key === undefined) throw new Error("no key");
  return key;
};

describe("a JWT of somebody else", () => {
  test.each(Object.entries(signers))("%s is verified by its key, and by no other", (alg, signer) => {
    const read = readForeignJwt(jwt({ alg, kid: "x", x5t: "y" }, signer));
    expect(read).toMatchObject({ claims, header: { kid: "x" } });
    for (const other of [rsa, ec, ed]) {
      expect(isSignedBy(read, keyOf(jwk(other.publicKey)))).toBe(other.publicKey === keyFor(alg));
    }
    expect(isSignedBy(readForeignJwt(jwt({ alg }, () => Buffer.alloc(64))), keyOf(jwk(keyFor(alg))))).toBe(false);
  });

  test("A12: a key that is for one algorithm verifies no other", () => {
    const only = keyOf({ ...jwk(rsa.publicKey), alg: "PS256" });
    expect(isSignedBy(readForeignJwt(jwt({ alg: "RS256" }, signers.RS256)), only)).toBe(false);
    expect(isSignedBy(readForeignJwt(jwt({ alg: "PS256" }, signers.PS256)), only)).toBe(true);
    expect(isSignedBy(readForeignJwt(jwt({ alg: "RS256" }, signers.PS256)), keyOf(jwk(rsa.publicKey)))).toBe(false);
  });

  test("A12: none, symmetric and unknown algorithms, and critical extensions, are not read", () => {
    const hmac = (input: Buffer) =>
      createHmac("sha256", rsa.publicKey.export({ type: "spki", format: "pem" }))
        .update(input)
        .digest();
    for (const header of [
      { alg: "none" },
      { alg: "HS256" },
      { alg: "RS512" },
      { alg: "ES256K" },
      { alg: "rs256" },
      { alg: ["RS256"] },
      {},
      { alg: "RS256", crit: ["b64"], b64: false },
      { alg: "RS256", crit: [] },
    ]) {
      expect(() => readForeignJwt(jwt(header, hmac))).toThrow("header");
    }
    for (const token of ["", "a.b", "a.b.c.d", `${encode([])}.e30.AA`, `${encode({ alg: "RS256" })}.bnVsbA.AA`]) {
      expect(() => readForeignJwt(token)).toThrow("malformed");
    }
  });

  test("a PSS signature without its leading zeros is refused, as another spelling of it", () => {
    for (let tries = 0; tries < 5000; tries++) {
      const input = `${encode({ alg: "PS256" })}.${encode({ ...claims, tries })}`;
      const signature = signers.PS256(Buffer.from(input));
      if (signature[0] !== 0) continue;
      const key = keyOf(jwk(rsa.publicKey));
      expect(isSignedBy(readForeignJwt(`${input}.${signature.toString("base64url")}`), key)).toBe(true);
      expect(isSignedBy(readForeignJwt(`${input}.${signature.subarray(1).toString("base64url")}`), key)).toBe(false);
      return;
    }
    throw new Error("no signature began with a zero");
  });
});

describe("a key of somebody else", () => {
  test("is read without what is not of it", () => {
    expect(foreignKey({ ...jwk(rsa.publicKey), kid: "1", use: "sig", key_ops: ["verify"], x5c: ["…"] })).toMatchObject({
      kid: "1",
      algs: ["RS256", "PS256"],
    });
    expect(foreignKey({ ...jwk(ed.publicKey), alg: "Ed25519" })).toMatchObject({ kid: undefined, algs: ["EdDSA"] });
  });

  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
  const e = (exponent: string) => ({ ...jwk(rsa.publicKey), e: Buffer.from(exponent, "hex").toString("base64url") });
  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a list", [jwk(rsa.publicKey)]],
    ["a text", "RSA"],
    ["no kind", { ...jwk(rsa.publicKey), kty: undefined }],
    ["a kind of Object's own", { kty: "constructor" }],
    ["a symmetric key", { kty: "oct", k: "c2VjcmV0" }],
    ["a private RSA key", jwk(rsa.privateKey)],
    ["a private EC key", jwk(ec.privateKey)],
    ["a private Ed25519 key", jwk(ed.privateKey)],
    ["a public key with a secret beside it", { ...jwk(ec.publicKey), k: "c2VjcmV0" }],
    ["RSA of 1024 bits", jwk(weak.publicKey)],
    ["an exponent of 1", e("01")],
    ["an exponent of 40 bits", e("8000000001")],
    ["a modulus of 16384 bits", { ...jwk(rsa.publicKey), n: Buffer.alloc(2048, 0xff).toString("base64url") }],
    ["P-384", jwk(p384.publicKey)],
    ["secp256k1", jwk(k1.publicKey)],
    ["X25519", jwk(generateKeyPairSync("x25519").publicKey)],
    ["a point that is not on the curve", { ...jwk(ec.publicKey), y: jwk(ec.publicKey)["x"] }],
    ["a key for encryption", { ...jwk(rsa.publicKey), use: "enc" }],
    ["a key for other operations", { ...jwk(rsa.publicKey), key_ops: ["encrypt"] }],
    ["another algorithm", { ...jwk(rsa.publicKey), alg: "RS512" }],
    ["an algorithm of another kind", { ...jwk(rsa.publicKey), alg: "ES256" }],
    ["a kid that is no text", { ...jwk(rsa.publicKey), kid: 1 }],
    ["members that are no texts", { kty: "RSA", n: 1, e: {} }],
  ])("%s is none", (_, value) => expect(foreignKey(value)).toBeUndefined());
});
