import { createHash } from "node:crypto";
import { calculateJwkThumbprint } from "jose/jwk/thumbprint";
import { describe, expect, test } from "vitest";
import { testSigner } from "../../vault/testing/test-signer.ts";
import { checkDpopProof } from "./dpop-proof.ts";

const now = 1_700_000_000_000;
const seconds = now / 1000;
const url = "https://id.example/oauth/v2/token";
const signer = testSigner();
const claims = { htm: "POST", htu: url, iat: seconds, jti: "j", nonce: "n" };
const header = { typ: "dpop+jwt", jwk: signer.jwk };
const proof = (change: object = {}, headerChange: object = {}, by = signer) =>
  by.sign({ ...claims, ...change }, { ...header, ...headerChange });
const check = (text: string, expected: object = {}) => checkDpopProof(text, { method: "POST", url, now, ...expected });

describe("a DPoP proof", () => {
  test("names its key by the thumbprint, however the key was written", async () => {
    const jkt = await calculateJwkThumbprint({ ...signer.jwk });
    expect(await check(proof())).toEqual({ jkt, jti: "j", nonce: "n" });
    const written = { ...signer.jwk, x: `${String(signer.jwk["x"])}=`, kid: "1", use: "sig", alg: "ES256" };
    expect(await check(proof({}, { jwk: written }))).toMatchObject({ jkt });
    expect(await check(proof({ nonce: undefined }))).toMatchObject({ nonce: undefined });
  });

  test("is for a URL without query and fragment, normalised", async () => {
    for (const htu of [
      `${url}?a=b`,
      `${url}#a`,
      "HTTPS://ID.example:443/oauth/v2/token",
      "https://id.example/a/../oauth/v2/token",
      "https://id.example/%6fauth/v2/%74oken",
    ]) {
      expect(await check(proof({ htu }))).toMatchObject({ jti: "j" });
    }
  });

  test("beside an access token has its hash", async () => {
    const ath = createHash("sha256").update("token").digest("base64url");
    expect(await check(proof({ ath }), { accessToken: "token" })).toMatchObject({ jti: "j" });
    await expect(check(proof({ ath }), { accessToken: "other" })).rejects.toThrow("ath");
    await expect(check(proof(), { accessToken: "token" })).rejects.toThrow("ath");
  });

  test("may be made by a clock that differs by five minutes", async () => {
    for (const iat of [seconds - 300, seconds + 300]) expect(await check(proof({ iat }))).toBeDefined();
    for (const iat of [seconds - 301, seconds + 301, undefined, "now", Number.MAX_VALUE]) {
      await expect(check(proof({ iat }))).rejects.toThrow("iat");
    }
  });

  test.each<[string, object, object]>([
    ["typ", {}, { typ: "JWT" }],
    ["typ", {}, { typ: undefined }],
    ["signed with", {}, { alg: "none" }],
    ["signed with", {}, { alg: "HS256" }],
    ["signed with", {}, { crit: ["exp"], exp: 1 }],
    ["jwk", {}, { jwk: undefined }],
    ["jwk", {}, { jwk: { ...signer.jwk, d: "AA" } }],
    ["jwk", {}, { jwk: { kty: "oct", k: "AA" } }],
    ["not signed with the key", {}, { jwk: testSigner().jwk }],
    ["not signed with the key", {}, { alg: "EdDSA" }],
    ["htm", { htm: "GET" }, {}],
    ["htm", { htm: "post" }, {}],
    ["htm", { htm: undefined }, {}],
    ["htu", { htu: undefined }, {}],
    ["htu", { htu: "https://other.example/oauth/v2/token" }, {}],
    ["htu", { htu: "http://id.example/oauth/v2/token" }, {}],
    ["htu", { htu: "https://user@id.example/oauth/v2/token" }, {}],
    ["htu", { htu: "https://id.example/oauth/v2/token/" }, {}],
    ["htu", { htu: "https://id.example/oauth/v2/par" }, {}],
    ["htu", { htu: "/oauth/v2/token" }, {}],
    ["htu", { htu: "https://id.example/oauth%2Fv2/token" }, {}],
    ["jti", { jti: undefined }, {}],
    ["jti", { jti: "" }, {}],
    ["jti", { jti: "x".repeat(257) }, {}],
    ["nonce", { nonce: 1 }, {}],
  ])("is refused for its %s: %j %j", async (what, change, headerChange) => {
    await expect(check(proof(change, headerChange))).rejects.toMatchObject({
      fault: "invalid_dpop_proof",
      message: expect.stringContaining(what),
    });
  });

  test("is one JWT: not two headers, no other text", async () => {
    for (const text of ["", "a", `${proof()}, ${proof()}`, `${proof()}.`, "a.b.c"]) {
      await expect(check(text)).rejects.toMatchObject({ fault: "invalid_dpop_proof" });
    }
  });
});
