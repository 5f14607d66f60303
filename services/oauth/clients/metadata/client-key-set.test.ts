import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ClientKeySetSchema } from "#gen/koder/oauth/v1/client_key_pb.ts";
import { foreignKey } from "../../../vault/foreign-key.ts";
import { testJwk } from "../testing/test-jwk.ts";
import { clientKeySetFault } from "./client-key-set.ts";

const faultOf = (keys: object[], mustSign: boolean) =>
  clientKeySetFault(create(ClientKeySetSchema, { keys }), { mustSign });
const fault = (...keys: object[]) => faultOf(keys, true);
const p256 = testJwk("ec", { namedCurve: "P-256" });
const ed25519 = testJwk("ed25519");
const rsa = testJwk("rsa", { modulusLength: 2048 });

test("public keys of the three kinds are taken, with a kid or without", () => {
  expect(fault(p256, ed25519, rsa)).toBeUndefined();
  expect(
    fault({ ...p256, kid: "a", use: "sig", alg: "ES256", keyOps: ["verify"] }, { ...rsa, kid: "b" }),
  ).toBeUndefined();
  expect(fault({ ...rsa, alg: "PS256" }, { ...ed25519, alg: "EdDSA" })).toBeUndefined();
});

test.each([
  [testJwk("rsa", { modulusLength: 1024 }), "2048 bits"],
  [{ kty: "oct" }, "public key"],
  [{ kty: "oct", use: "enc" }, "public key"],
  [{ ...p256, y: "AAAA" }, "members of its kind"],
  [{ ...p256, x: "" }, "members of its kind"],
  [{ ...rsa, n: "" }, "2048 bits"],
  [{ ...rsa, n: "*" }, "2048 bits"],
  [{ ...rsa, e: "AQ" }, "exponent"],
  [{ ...rsa, e: "Aw" }, "exponent"],
])("%j is refused: %s", (key, why) => {
  expect(fault(p256, key)).toEqual({ field: "jwks.keys[1]", description: expect.stringContaining(why) });
});

test.each([
  testJwk("ec", { namedCurve: "secp256k1" }),
  testJwk("x25519"),
  { kty: "AKP", alg: "ML-DSA-44" },
  { ...rsa, use: "enc" },
  { ...rsa, keyOps: ["sign"] },
  { ...rsa, keyOps: ["encrypt", "wrapKey"] },
  { ...rsa, alg: "RSA-OAEP" },
  { ...rsa, alg: "HS256" },
  { ...rsa, alg: "none" },
  { ...p256, alg: "RS256" },
])("%j is passed over, and never verifies anything", (key) => {
  expect(fault(p256, key)).toBeUndefined();
  expect(fault(key)).toEqual({ field: "jwks", description: expect.stringContaining("for signatures") });
  expect(faultOf([key], false)).toBeUndefined();
  const { keyOps, ...members } = { keyOps: undefined, ...key };
  expect(foreignKey({ ...members, ...(keyOps === undefined ? {} : { key_ops: keyOps }) })).toBeUndefined();
});

test("two keys for signatures have not one kid", () => {
  expect(fault({ ...p256, kid: "a" }, { ...rsa, kid: "a" })).toMatchObject({ field: "jwks.keys[1]" });
  expect(fault({ ...p256, kid: "a" }, { ...rsa, kid: "a", use: "enc" })).toBeUndefined();
});

test("of a client that registered an algorithm there is a key for it", () => {
  const by = (alg: string, ...keys: object[]) =>
    clientKeySetFault(create(ClientKeySetSchema, { keys }), { mustSign: true, alg });
  for (const [alg, ...keys] of [
    ["RS256", p256, rsa],
    ["PS256", rsa],
    ["EdDSA", { ...ed25519, alg: "Ed25519" }],
    ["Ed25519", ed25519],
    ["ES256", { ...p256, alg: "ES256" }],
  ] as const) {
    expect(by(alg, ...keys), alg).toBeUndefined();
  }
  for (const [alg, ...keys] of [
    ["RS256", p256, ed25519],
    ["RS256", { ...rsa, alg: "PS256" }],
    ["ES256", rsa, { ...p256, use: "enc" }],
  ] as const) {
    expect(by(alg, ...keys), alg).toEqual({ field: "jwks", description: expect.stringContaining(`key for ${alg}`) });
  }
});
