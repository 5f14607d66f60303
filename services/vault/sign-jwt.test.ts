import { compactVerify, importJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { signJwt } from "./sign-jwt.ts";
import { exportPrivateKey, generateSigningKey, importSigningKey, type SigningAlg } from "./signing-key.ts";

const algs: readonly SigningAlg[] = ["RS256", "PS256", "ES256", "EdDSA"];
const claims = {
  iss: "https://id.koder.dev",
  sub: "Zoë",
  aud: ["a", "b"],
  iat: 1_000,
  exp: 2_000,
  nested: { n: null },
};
const currentDate = new Date(1_500_000);

describe.each(algs)("a token signed with %s", (alg) => {
  test("is one to an independent library that knows the published key only", async () => {
    const key = await generateSigningKey(alg);
    const token = await signJwt(key, { typ: "at+jwt" }, claims);
    const published = await importJWK({ ...key.publicJwk }, alg);
    const { payload, protectedHeader } = await jwtVerify(token, published, { algorithms: [alg], currentDate });
    expect(payload).toEqual(claims);
    expect(protectedHeader).toEqual({ alg, typ: "at+jwt", kid: key.kid });
  });

  test("says its own type, also where one key signs two", async () => {
    const key = await generateSigningKey(alg);
    const published = await importJWK({ ...key.publicJwk }, alg);
    for (const typ of ["at+jwt", "JWT", "at+jwt"]) {
      const { protectedHeader } = await compactVerify(await signJwt(key, { typ }, claims), published);
      expect(protectedHeader.typ).toBe(typ);
    }
  });

  test("is good among many that are signed at once", async () => {
    const key = await generateSigningKey(alg);
    const published = await importJWK({ ...key.publicJwk }, alg);
    const tokens = await Promise.all(
      Array.from({ length: 50 }, (_, n) => signJwt(key, { typ: "JWT" }, { ...claims, n })),
    );
    const verified = await Promise.all(tokens.map((token) => jwtVerify(token, published, { currentDate })));
    expect(verified.map(({ payload }) => payload["n"])).toEqual(tokens.map((_, n) => n));
  });

  test("rejects, and does not throw, where the payload is no JSON", async () => {
    const key = await generateSigningKey(alg);
    const signing = signJwt(key, { typ: "JWT" }, { n: 1n });
    await expect(signing).rejects.toThrow(TypeError);
  });
});

test("a key that was sealed and opened again signs what its first form verifies", async () => {
  const key = await generateSigningKey("ES256");
  const again = await importSigningKey({ alg: "ES256", privateKey: exportPrivateKey(key) });
  const published = await importJWK({ ...key.publicJwk }, "ES256");
  await expect(
    jwtVerify(await signJwt(again, { typ: "JWT" }, claims), published, { currentDate }),
  ).resolves.toBeDefined();
});
