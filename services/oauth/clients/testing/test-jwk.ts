import { createPublicKey, generateKeyPairSync } from "node:crypto";

/** The public half of a new key of a kind that `generateKeyPairSync` knows, as a JWK. */
export function testJwk(
  kind: "ec" | "rsa" | "ed25519" | "x25519",
  options: { readonly namedCurve?: string; readonly modulusLength?: number } = {},
): Record<string, string> & { kty: string } {
  const generate = generateKeyPairSync as (
    type: string,
    options: object,
  ) => { readonly privateKey: Parameters<typeof createPublicKey>[0] };
  const { privateKey } = generate(kind, options);
  return createPublicKey(privateKey).export({ format: "jwk" }) as Record<string, string> & { kty: string };
}
