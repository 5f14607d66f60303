import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ClientKeySetSchema } from "#gen/koder/oauth/v1/client_key_pb.ts";
import { testJwk } from "../testing/test-jwk.ts";
import { clientKeySetFault } from "./client-key-set.ts";

const fault = (...keys: object[]) => clientKeySetFault(create(ClientKeySetSchema, { keys }));
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
  [testJwk("ec", { namedCurve: "secp256k1" }), "P-256"],
  [{ kty: "oct" }, "must be RSA"],
  [{ ...p256, y: "AAAA" }, "members of its kind"],
  [{ ...p256, x: "" }, "members of its kind"],
  [{ ...rsa, n: "" }, "2048 bits"],
  [{ ...rsa, n: "*" }, "2048 bits"],
  [{ ...rsa, e: "AQ" }, "exponent"],
  [{ ...rsa, e: "Aw" }, "exponent"],
  [{ ...rsa, use: "enc" }, "signatures"],
  [{ ...rsa, keyOps: ["sign"] }, "verifying"],
  [{ ...rsa, alg: "HS256" }, "alg of RS256"],
  [{ ...rsa, alg: "none" }, "alg of RS256"],
  [{ ...p256, alg: "RS256" }, "alg of ES256"],
])("%j is refused: %s", (key, why) => {
  expect(fault(p256, key)).toEqual({ field: "jwks.keys[1]", description: expect.stringContaining(why) });
});

test("two keys have not one kid", () => {
  expect(fault({ ...p256, kid: "a" }, { ...rsa, kid: "a" })).toMatchObject({ field: "jwks.keys[1]" });
});
