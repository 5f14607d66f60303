import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";

/** A key of somebody else's: the public half as a JWK, and JWTs that it signs with ES256. */
export interface TestSigner {
  readonly jwk: Readonly<Record<string, unknown>>;
  sign(claims: object, header?: object): string;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A new P-256 key; with its `kid` in the JWK and in the header of what it signs, where it has one. */
export function testSigner(kid?: string): TestSigner {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const named = kid === undefined ? {} : { kid };
  return {
    jwk: { ...createPublicKey(privateKey).export({ format: "jwk" }), ...named },
    sign(claims, header = {}) {
      const input = `${encode({ alg: "ES256", ...named, ...header })}.${encode(claims)}`;
      const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
      return `${input}.${signature.toString("base64url")}`;
    },
  };
}
