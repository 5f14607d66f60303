import { createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { signJwt } from "./sign-jwt.ts";
import { generateSigningKey, type SigningAlg, type SigningKey } from "./signing-key.ts";
import {
  createJwtVerifier,
  JwtRefused,
  verificationKey,
  verifyJwt,
  type JwtExpectation,
  type JwtFault,
  type VerificationKey,
} from "./verify-jwt.ts";

const algs: readonly SigningAlg[] = ["RS256", "PS256", "ES256", "EdDSA"];
const signingKeys = Object.fromEntries(
  await Promise.all(algs.map(async (alg) => [alg, await generateSigningKey(alg)] as const)),
) as Record<SigningAlg, SigningKey>;
const published = ({ kid, alg, publicJwk }: SigningKey): VerificationKey => verificationKey(kid, alg, publicJwk);
const keys = Object.values(signingKeys).map(published);
const rsa = signingKeys.RS256;

const issuer = "https://id.koder.dev";
const issued = 1_800_000_000;
const claims = { iss: issuer, aud: "https://api.koder.dev", sub: "u", iat: issued, exp: issued + 900 };
const expected: JwtExpectation = { typ: "at+jwt", issuer, audience: claims.aud, now: (issued + 10) * 1000 };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const encodeText = (text: string) => Buffer.from(text).toString("base64url");

/** A token with a header of the attacker's choice, signed by a key of theirs, or ours where the attack is in the header. */
function forge(header: object, payload: object, signer: (input: string) => Uint8Array | string): string {
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = signer(input);
  return `${input}.${typeof signature === "string" ? signature : Buffer.from(signature).toString("base64url")}`;
}
const by = (key: KeyObject) => (input: string) => sign("sha256", Buffer.from(input), key);

function faultOf(work: () => unknown): JwtFault | "accepted" {
  try {
    work();
  } catch (error) {
    if (error instanceof JwtRefused) return error.fault;
    throw error;
  }
  return "accepted";
}

// Both kinds of verifier must refuse the same, the remembering one also after it has seen the good token.
const good = await signJwt(rsa, { typ: "at+jwt" }, claims);
const remembering = createJwtVerifier();
remembering(good, keys, expected);
const verifiers = [
  ["each time", verifyJwt],
  ["once", remembering],
] as const;

describe.each(verifiers)("a verifier that looks at signatures %s", (_name, verifier) => {
  const fault = (token: string, changes: Partial<JwtExpectation> = {}, among: readonly VerificationKey[] = keys) =>
    faultOf(() => verifier(token, among, { ...expected, ...changes }));

  test.each(algs)("accepts what we sign with %s, as often as it comes", async (alg) => {
    const token = await signJwt(signingKeys[alg], { typ: "at+jwt" }, { ...claims, alg });
    for (let time = 0; time < 3; time++) expect(verifier(token, keys, expected)).toEqual({ ...claims, alg });
  });

  test.each(algs)("accepts what an independent library signs with %s", async (alg) => {
    const { kid, privateKey } = signingKeys[alg];
    const token = await new SignJWT(claims).setProtectedHeader({ alg, typ: "at+jwt", kid }).sign(privateKey);
    expect(verifier(token, keys, expected)).toEqual(claims);
  });

  describe("A12", () => {
    test.each(["none", "None", "NONE", "nOnE"])("alg %s, with and without a signature", (alg) => {
      const header = { alg, typ: "at+jwt", kid: rsa.kid };
      expect(fault(forge(header, claims, () => ""))).toBe("malformed");
      expect(fault(forge(header, claims, () => good.split(".")[2] ?? ""))).toBe("header");
    });

    test("HS256 keyed with the public key in each of its forms", () => {
      const header = { alg: "HS256", typ: "at+jwt", kid: rsa.kid };
      const forms = [
        rsa.publicKey.export({ type: "spki", format: "pem" }),
        rsa.publicKey.export({ type: "pkcs1", format: "pem" }),
        rsa.publicKey.export({ type: "spki", format: "der" }),
        JSON.stringify(rsa.publicJwk),
      ];
      for (const form of forms) {
        const mac = (input: string) => createHmac("sha256", form).update(input).digest();
        expect(fault(forge(header, claims, mac))).toBe("header");
        expect(fault(forge({ ...header, alg: "RS256" }, claims, mac))).toBe("signature");
      }
    });

    test("another algorithm than the key's, even where the key could verify it", () => {
      const pss = (input: string) =>
        sign("sha256", Buffer.from(input), { key: rsa.privateKey, padding: 6, saltLength: 32 });
      expect(fault(forge({ alg: "PS256", typ: "at+jwt", kid: rsa.kid }, claims, pss))).toBe("header");
      expect(fault(forge({ alg: "RS256", typ: "at+jwt", kid: rsa.kid }, claims, pss))).toBe("signature");
      const sha512 = (input: string) => sign("sha512", Buffer.from(input), rsa.privateKey);
      expect(fault(forge({ alg: "RS512", typ: "at+jwt", kid: rsa.kid }, claims, sha512))).toBe("header");
      expect(fault(forge({ alg: "RS256", typ: "at+jwt", kid: rsa.kid }, claims, sha512))).toBe("signature");
    });

    test("a key of the attacker's under our kid", () => {
      const theirs = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const jwk = theirs.publicKey.export({ format: "jwk" });
      const header = { alg: "RS256", typ: "at+jwt", kid: rsa.kid };
      expect(fault(forge(header, claims, by(theirs.privateKey)))).toBe("signature");
      expect(fault(forge({ ...header, jwk }, claims, by(theirs.privateKey)))).toBe("header");
      expect(fault(forge({ alg: "RS256", typ: "at+jwt", jwk }, claims, by(theirs.privateKey)))).toBe("unknown_key");
    });

    test.each([
      ["jwk", rsa.publicJwk],
      ["jku", "https://evil.example/keys"],
      ["x5c", ["MIIB"]],
      ["x5u", "https://evil.example/cert"],
      ["crit", ["exp"]],
      ["b64", false],
      ["zip", "DEF"],
      ["cty", "JWT"],
      ["__proto__", { alg: "none" }],
    ])("a header with %s, though our own key signed it", (name, value) => {
      const header = `{"alg":"RS256","typ":"at+jwt","kid":${JSON.stringify(rsa.kid)},"${name}":${JSON.stringify(value)}}`;
      const input = `${encodeText(header)}.${encode(claims)}`;
      expect(fault(`${input}.${by(rsa.privateKey)(input).toString("base64url")}`)).toBe("header");
    });

    test.each([
      "unknown",
      "",
      "../../dev/null",
      "' OR 1=1 --",
      "__proto__",
      0,
      null,
      undefined,
      [rsa.kid],
      { kid: rsa.kid },
    ])("the kid %j", (kid) => {
      expect(fault(forge({ alg: "RS256", typ: "at+jwt", kid }, claims, by(rsa.privateKey)))).toBe("unknown_key");
    });

    test.each(["JWT", "at+JWT", "application/at+jwt", "", "koder-service+jwt", undefined, null, ["at+jwt"]])(
      "the typ %j, though our own key signed it",
      (typ) => {
        expect(fault(forge({ alg: "RS256", typ, kid: rsa.kid }, claims, by(rsa.privateKey)))).toBe("header");
      },
    );

    test("an id token is no access token, nor the other way round", async () => {
      const idToken = await signJwt(rsa, { typ: "JWT" }, claims);
      expect(fault(idToken)).toBe("header");
      expect(fault(idToken, { typ: "JWT" })).toBe("accepted");
      expect(fault(good, { typ: "JWT" })).toBe("header");
    });

    test("a key that is ours, but not among those of this tenant", () => {
      expect(fault(good, {}, [published(signingKeys.ES256)])).toBe("unknown_key");
      expect(fault(good, {}, [])).toBe("unknown_key");
    });

    test("another tenant's key under the same kid", async () => {
      const other = { ...published(await generateSigningKey("RS256")), kid: rsa.kid };
      expect(fault(good, {}, [other])).toBe("signature");
    });
  });

  describe("changes", () => {
    test("of any character make it another token", () => {
      fc.assert(
        fc.property(fc.nat(good.length - 1), fc.constantFrom(...Array.from(".-_AZaz09=+/ é")), (at, char) => {
          fc.pre(good[at] !== char);
          expect(fault(good.slice(0, at) + char + good.slice(at + 1))).not.toBe("accepted");
        }),
        { numRuns: 1_000 },
      );
    });

    test("of spelling too: characters of the same low byte, padding, spare bits, white space", () => {
      const [header = "", payload = "", signature = ""] = good.split(".");
      const widened = (text: string) => String.fromCharCode(...Array.from(text, (char) => char.charCodeAt(0) + 0x100));
      // 256 bytes leave four spare bits in the last character.
      const last = signature.at(-1) ?? "";
      const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const spare = signature.slice(0, -1) + alphabet.charAt(alphabet.indexOf(last) ^ 1);
      expect(Buffer.from(spare, "base64url")).toEqual(Buffer.from(signature, "base64url"));
      for (const spelled of [
        `${widened(header)}.${payload}.${signature}`,
        `${header}.${widened(payload)}.${signature}`,
        `${header}.${payload}.${widened(signature)}`,
        `${header}.${payload}.${signature}=`,
        `${header}.${payload}.${spare}`,
        `${header}.${payload}\n.${signature}`,
        ` ${good}`,
        `${good} `,
        `${good}.`,
        `${good}.x`,
      ]) {
        expect(fault(spelled), spelled).not.toBe("accepted");
      }
    });

    test("that drop a signature's leading zero are refused: one token has one spelling (RFC 8017 §8.1.2)", async () => {
      for (const alg of ["RS256", "PS256"] as const) {
        for (let jti = 0; ; jti++) {
          const token = await signJwt(signingKeys[alg], { typ: "at+jwt" }, { ...claims, jti });
          const [header = "", payload = "", signature = ""] = token.split(".");
          const bytes = Buffer.from(signature, "base64url");
          if (bytes[0] !== 0) continue; // one in 256 begins with it
          expect(fault(token), alg).toBe("accepted");
          expect(fault(`${header}.${payload}.${bytes.subarray(1).toString("base64url")}`), alg).toBe("signature");
          break;
        }
      }
    });

    test("of a signature's length are refused, not an error", async () => {
      for (const alg of algs) {
        const token = await signJwt(signingKeys[alg], { typ: "at+jwt" }, claims);
        const [header = "", payload = "", signature = ""] = token.split(".");
        const bytes = Buffer.from(signature, "base64url");
        for (const other of [
          bytes.subarray(1),
          bytes.subarray(0, -1),
          Buffer.concat([bytes, bytes]),
          Buffer.alloc(bytes.length),
        ]) {
          expect(fault(`${header}.${payload}.${other.toString("base64url")}`), alg).toBe("signature");
        }
      }
    });
  });

  test("answers malformed or unknown to whatever is no token", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        (a, b, c) => {
          expect(fault(`${a}.${b}.${c}`)).toMatch(/^(malformed|unknown_key)$/);
        },
      ),
    );
    for (const text of ["", ".", "..", "...", "a.b", "e30.e30.e30", "bnVsbA.e30.AA", "W10.e30.AA", "IiI.e30.AA"]) {
      expect(fault(text), text).toMatch(/^(malformed|unknown_key)$/);
    }
    expect(fault(`${good}${"A".repeat(20_000)}`)).toBe("malformed");
  });

  describe("claims", () => {
    const fate = async (changes: object, expectation: Partial<JwtExpectation> = {}) =>
      fault(await signJwt(rsa, { typ: "at+jwt" }, { ...claims, ...changes }), expectation);

    test("exp is the first moment at which it is over, without grace", async () => {
      expect(await fate({}, { now: claims.exp * 1000 - 1 })).toBe("accepted");
      expect(await fate({}, { now: claims.exp * 1000 })).toBe("expired");
      expect(await fate({}, { now: claims.exp * 1000, clockTolerance: 60 })).toBe("expired");
    });

    test("iat and nbf may be ahead by the tolerance, 5 seconds if not told", async () => {
      const now = issued * 1000;
      for (const name of ["iat", "nbf"]) {
        expect(await fate({ [name]: issued + 5 }, { now })).toBe("accepted");
        expect(await fate({ [name]: issued + 6 }, { now })).toBe("not_yet");
        expect(await fate({ [name]: issued + 6 }, { now, clockTolerance: 6 })).toBe("accepted");
      }
    });

    test("exp and iat must be there and numbers, nbf a number if there", async () => {
      for (const name of ["exp", "iat"]) {
        for (const value of [undefined, null, "1900000000", [], {}])
          expect(await fate({ [name]: value })).toBe("malformed");
      }
      expect(await fate({ nbf: "1" })).toBe("malformed");
    });

    test("the issuer must be the one, to the letter", async () => {
      for (const iss of [undefined, "", `${issuer}/`, issuer.toUpperCase(), [issuer], "https://evil.example"]) {
        expect(await fate({ iss })).toBe("issuer");
      }
    });

    test("the audience must be the one or among them", async () => {
      expect(await fate({ aud: ["x", claims.aud] })).toBe("accepted");
      expect(await fate({ aud: "x" }, { audience: "x" })).toBe("accepted");
      for (const aud of [undefined, "", "x", [], ["x"], [[claims.aud]], `${claims.aud}/`, { 0: claims.aud }]) {
        expect(await fate({ aud })).toBe("audience");
      }
    });
  });
});

describe("a remembered token", () => {
  test("is still looked at for time, type, issuer and audience", () => {
    const verifier = createJwtVerifier();
    const fault = (changes: Partial<JwtExpectation>) =>
      faultOf(() => verifier(good, keys, { ...expected, ...changes }));
    expect(fault({})).toBe("accepted");
    expect(fault({ now: claims.exp * 1000 })).toBe("expired");
    expect(fault({ now: 0 })).toBe("not_yet");
    expect(fault({ typ: "JWT" })).toBe("header");
    expect(fault({ issuer: "x" })).toBe("issuer");
    expect(fault({ audience: "x" })).toBe("audience");
    expect(fault({})).toBe("accepted");
  });

  test("is refused once its key is no longer published", () => {
    const verifier = createJwtVerifier();
    expect(faultOf(() => verifier(good, keys, expected))).toBe("accepted");
    expect(faultOf(() => verifier(good, keys.slice(1), expected))).toBe("unknown_key");
  });

  test("does not vouch for its claims under another signature", () => {
    const verifier = createJwtVerifier();
    verifier(good, keys, expected);
    const [header, payload] = good.split(".");
    const tampered = `${header}.${encode({ ...claims, sub: "admin" })}.${good.split(".")[2]}`;
    expect(faultOf(() => verifier(tampered, keys, expected))).toBe("signature");
    expect(faultOf(() => verifier(`${header}.${payload}.AAAA`, keys, expected))).toBe("signature");
  });

  test("gives each caller claims of its own", () => {
    const verifier = createJwtVerifier();
    const claimsOf = () => verifier(good, keys, expected) as Record<string, unknown>;
    claimsOf()["sub"] = "admin";
    expect(claimsOf()["sub"]).toBe("u");
  });

  test("has nothing within its claims that a caller could change for others", async () => {
    const verifier = createJwtVerifier();
    const token = await signJwt(
      signingKeys.EdDSA,
      { typ: "at+jwt" },
      { ...claims, aud: ["x", claims.aud], cnf: { jkt: "a" } },
    );
    const claimsOf = () => verifier(token, keys, expected) as unknown as { aud: string[]; cnf: { jkt: string } };
    expect(Reflect.set(claimsOf().cnf, "jkt", "b")).toBe(false);
    expect(() => claimsOf().aud.push("y")).toThrow("not extensible");
    expect(claimsOf()).toMatchObject({ aud: ["x", claims.aud], cnf: { jkt: "a" } });
  });

  test("may be forgotten among many, and is then verified again", async () => {
    const verifier = createJwtVerifier({ mostRemembered: 50 });
    const tokens = await Promise.all(
      Array.from({ length: 200 }, (_, n) => signJwt(signingKeys.EdDSA, { typ: "at+jwt" }, { ...claims, n })),
    );
    for (let time = 0; time < 2; time++) {
      expect(tokens.map((token) => verifier(token, keys, expected)["n"])).toEqual(tokens.map((_, n) => n));
    }
  });
});

test("a published key that does not fit its algorithm is refused", () => {
  expect(() => verificationKey("k", "ES256", rsa.publicJwk)).toThrow("a key of type rsa 2048 is none for ES256");
  expect(() => verificationKey("k", "RS256", signingKeys.ES256.publicJwk)).toThrow("is none for RS256");
});
