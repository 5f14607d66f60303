import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testSigner } from "../../services/vault/testing/test-signer.ts";
import { dpopClient, type DpopClient } from "../support/dpop-client.ts";
import {
  authorizationRequest,
  createPerson,
  registerClient,
  rest,
  signIn,
  type RelyingParty,
} from "../support/relying-party.ts";
import type { RunningServer } from "../support/server.ts";
import type { Shape } from "../support/shapes.ts";

const json = async (response: Response) => (await response.json()) as Record<string, unknown>;
/** Attacks on what is good once, and on tokens that are bound to a key, whatever the shape of the product. */
export function oneTimeProofAttacks({ start }: Shape): void {
  let server: RunningServer;
  let tokenUrl: string;
  let userinfoUrl: string;
  beforeAll(async () => {
    server = await start();
    [tokenUrl, userinfoUrl] = [`${server.url}/oauth/v2/token`, `${server.url}/oidc/v1/userinfo`];
  });
  afterAll(() => server?.stop());

  const publicClient = () => registerClient(server, { token_endpoint_auth_method: "none" });

  /** A code of a new sign-in, as a form for the token endpoint. */
  async function codeForm(client: RelyingParty, parameters: Record<string, string> = {}): Promise<URLSearchParams> {
    const { username } = await createPerson(server);
    const { callback, codeVerifier } = await signIn(server, client, username, { parameters });
    return new URLSearchParams({
      grant_type: "authorization_code",
      client_id: client.clientId,
      code: callback.searchParams.get("code") ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    });
  }
  const refreshForm = (client: RelyingParty, refreshToken: unknown) =>
    new URLSearchParams({
      grant_type: "refresh_token",
      client_id: client.clientId,
      refresh_token: String(refreshToken),
    });
  const post = (dpop: DpopClient, body: URLSearchParams) => dpop.send(tokenUrl, { method: "POST", body });

  describe("A13: a client assertion", () => {
    test("of a hundred at once one is good, and none afterwards", async () => {
      const signer = testSigner();
      const client = await registerClient(server, {
        grant_types: ["client_credentials"],
        redirect_uris: [],
        token_endpoint_auth_method: "private_key_jwt",
        jwks: { keys: [signer.jwk] },
      });
      const exp = Math.floor(Date.now() / 1000) + 300;
      const claims = {
        iss: client.clientId,
        sub: client.clientId,
        aud: server.url,
        exp,
        jti: randomBytes(8).toString("hex"),
      };
      const body = new URLSearchParams({
        grant_type: "client_credentials",
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: signer.sign(claims),
      });
      const statuses = await Promise.all(
        Array.from({ length: 100 }, async () => (await fetch(tokenUrl, { method: "POST", body })).status),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(new Set(statuses)).toEqual(new Set([200, 401]));
      expect((await fetch(tokenUrl, { method: "POST", body })).status).toBe(401);
    });
  });

  describe("A13: a DPoP proof", () => {
    test("is refused a second time, at the token endpoint and at resources", async () => {
      const client = await publicClient();
      const dpop = dpopClient();
      const tokens = await json(await post(dpop, await codeForm(client)));
      expect(tokens["token_type"]).toBe("DPoP");
      const accessToken = String(tokens["access_token"]);

      const headers = { authorization: `DPoP ${accessToken}`, dpop: dpop.proof("GET", userinfoUrl, accessToken) };
      const statuses = await Promise.all(
        Array.from({ length: 30 }, async () => (await fetch(userinfoUrl, { headers })).status),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);

      const proof = dpop.proof("POST", tokenUrl);
      const send = () =>
        fetch(tokenUrl, {
          method: "POST",
          headers: { dpop: proof },
          body: refreshForm(client, tokens["refresh_token"]),
        });
      expect((await send()).status).toBe(200);
      expect(await json(await send())).toMatchObject({ error: "invalid_dpop_proof" });
    });

    test("needs a nonce of the server's, and the refusal gives one", async () => {
      const client = await publicClient();
      const dpop = dpopClient();
      const refused = await fetch(tokenUrl, {
        method: "POST",
        headers: { dpop: dpop.proof("POST", tokenUrl) },
        body: await codeForm(client),
      });
      expect([refused.status, await json(refused)]).toEqual([
        400,
        expect.objectContaining({ error: "use_dpop_nonce" }),
      ]);
      expect(refused.headers.get("dpop-nonce")).toMatch(/^[A-Za-z0-9_-]{56}$/);
      expect(refused.headers.get("access-control-expose-headers")).toContain("DPoP-Nonce");
      const made = dpop.proof("POST", tokenUrl, undefined, { nonce: "A".repeat(56) });
      const forged = await fetch(tokenUrl, { method: "POST", headers: { dpop: made }, body: refreshForm(client, "x") });
      expect(await json(forged)).toMatchObject({ error: "use_dpop_nonce" });
    });

    test("A12: is what its key signed, for this request alone", async () => {
      const client = await publicClient();
      const dpop = dpopClient();
      const accessToken = String((await json(await post(dpop, await codeForm(client))))["access_token"]);
      const other = testSigner();
      for (const [what, proof] of Object.entries({
        none: dpop.proof("GET", userinfoUrl, accessToken, {}, { alg: "none" }),
        "another key in the header": dpop.proof("GET", userinfoUrl, accessToken, {}, { jwk: other.jwk }),
        "a symmetric key": dpop.proof(
          "GET",
          userinfoUrl,
          accessToken,
          {},
          { alg: "HS256", jwk: { kty: "oct", k: "AA" } },
        ),
        "another type": dpop.proof("GET", userinfoUrl, accessToken, {}, { typ: "JWT" }),
        "another method": dpop.proof("POST", userinfoUrl, accessToken),
        "another endpoint": dpop.proof("GET", tokenUrl, accessToken),
        "another token": dpop.proof("GET", userinfoUrl, `${accessToken}x`),
        "no token": dpop.proof("GET", userinfoUrl),
        "an old one": dpop.proof("GET", userinfoUrl, accessToken, { iat: 1 }),
        "no jti": dpop.proof("GET", userinfoUrl, accessToken, { jti: undefined }),
        "two proofs": `${dpop.proof("GET", userinfoUrl, accessToken)}, ${dpop.proof("GET", userinfoUrl, accessToken)}`,
        "a proof of another key": dpopClient(other).proof("GET", userinfoUrl, accessToken),
      })) {
        const response = await fetch(userinfoUrl, { headers: { authorization: `DPoP ${accessToken}`, dpop: proof } });
        const challenge = response.headers.get("www-authenticate") ?? "";
        expect([what, response.status, challenge]).toEqual([
          what,
          401,
          expect.stringMatching(/^DPoP .*error="(?:invalid_dpop_proof|use_dpop_nonce)"/),
        ]);
      }
    });
  });

  describe("a token that is bound to a key", () => {
    test("is nothing without its key: as Bearer, in a form, with another key; at userinfo, REST and RPC", async () => {
      const client = await publicClient();
      const dpop = dpopClient();
      const accessToken = String((await json(await post(dpop, await codeForm(client))))["access_token"]);
      const [me, rpc] = [`${server.url}/v1/users/me`, `${server.url}/koder.identity.v1.UserService/GetUser`];
      const call = { method: "POST", headers: { "content-type": "application/json" }, body: '{"userId":"me"}' };

      expect((await dpop.send(userinfoUrl, { accessToken })).status).toBe(200);
      expect((await dpop.send(userinfoUrl, { accessToken, method: "POST" })).status).toBe(200);
      expect((await dpop.send(me, { accessToken })).status).toBe(200);
      expect((await dpop.send(`${me}?x=1`, { accessToken })).status).not.toBe(401);
      expect((await dpop.send(rpc, { accessToken, ...call })).status).toBe(200);

      const bearer = { authorization: `Bearer ${accessToken}` };
      for (const [url, init] of [
        [userinfoUrl, { headers: bearer }],
        [userinfoUrl, { headers: { ...bearer, dpop: dpop.proof("GET", userinfoUrl, accessToken) } }],
        [userinfoUrl, { method: "POST", body: new URLSearchParams({ access_token: accessToken }) }],
        [me, { headers: bearer }],
        [me, { headers: { authorization: `DPoP ${accessToken}` } }],
        [rpc, { ...call, headers: { ...call.headers, ...bearer } }],
      ] as const) {
        expect([url, (await fetch(url, init)).status]).toEqual([url, 401]);
      }
      const thief = dpopClient();
      for (const url of [userinfoUrl, me]) expect((await thief.send(url, { accessToken })).status).toBe(401);
      expect((await thief.send(rpc, { accessToken, ...call })).status).toBe(401);
    });

    test("a header between services is not believed: a proof for another path opens nothing", async () => {
      const dpop = dpopClient();
      const accessToken = String((await json(await post(dpop, await codeForm(await publicClient()))))["access_token"]);
      const [me, sessions] = [`${server.url}/v1/users/me`, `${server.url}/v1/users/me/sessions`];
      await dpop.send(me, { accessToken });
      const headers = { authorization: `DPoP ${accessToken}`, "x-koder-target": "GET /v1/users/me/sessions" };
      const misused = { ...headers, dpop: dpop.proof("GET", sessions, accessToken) };
      expect((await fetch(me, { headers: misused })).status).toBe(401);
    });

    test("a code is bound by dpop_jkt, or by the proof that its request was pushed with", async () => {
      const client = await publicClient();
      const [owner, thief] = [dpopClient(), dpopClient()];
      const { kty, crv, x, y } = owner.signer.jwk;
      const jkt = createHash("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
      const parUrl = `${server.url}/oauth/v2/par`;
      const pushed = async (parameters: Record<string, string> = {}) => {
        const { url } = authorizationRequest(server, client, { code_challenge: challenge, ...parameters });
        return owner.send(parUrl, { method: "POST", body: new URL(url).searchParams });
      };
      const codeVerifier = randomBytes(32).toString("base64url");
      const challenge = createHash("sha256").update(codeVerifier).digest("base64url");
      expect(await json(await pushed({ dpop_jkt: "A".repeat(43) }))).toMatchObject({ error: "invalid_request" });
      const { request_uri: requestUri } = await json(await pushed());

      const direct = await codeForm(client, { dpop_jkt: jkt });
      const byPar = await codeForm(client, { request_uri: String(requestUri) });
      byPar.set("code_verifier", codeVerifier);
      for (const form of [direct, byPar]) {
        expect(await json(await post(thief, form))).toMatchObject({ error: "invalid_grant" });
        const bearer = await fetch(tokenUrl, { method: "POST", body: form });
        expect(await json(bearer)).toMatchObject({ error: "invalid_grant" });
        expect(await json(await post(owner, form))).toMatchObject({ token_type: "DPoP" });
      }
    });

    test("the refresh token of a public client is bound by the first proof", async () => {
      const client = await publicClient();
      const [owner, thief] = [dpopClient(), dpopClient()];
      const tokens = await json(await post(owner, await codeForm(client)));
      const refresh = refreshForm(client, tokens["refresh_token"]);
      expect(await json(await post(thief, refresh))).toMatchObject({ error: "invalid_grant" });
      expect(await json(await fetch(tokenUrl, { method: "POST", body: refresh }))).toMatchObject({
        error: "invalid_grant",
      });
      expect(await json(await post(owner, refresh))).toMatchObject({ token_type: "DPoP" });
    });

    test("a client that registered for bound tokens gets no others", async () => {
      const client = await registerClient(server, {
        token_endpoint_auth_method: "none",
        dpop_bound_access_tokens: true,
      });
      const form = await codeForm(client);
      const refused = await fetch(tokenUrl, { method: "POST", body: form });
      expect([refused.status, await json(refused)]).toEqual([
        400,
        expect.objectContaining({ error: "invalid_dpop_proof" }),
      ]);
      expect((await post(dpopClient(), form)).status).toBe(200);
    });

    test("a bearer token is sent as Bearer", async () => {
      const client = await publicClient();
      const tokens = await json(await fetch(tokenUrl, { method: "POST", body: await codeForm(client) }));
      expect(tokens["token_type"]).toBe("Bearer");
      const accessToken = String(tokens["access_token"]);
      expect((await dpopClient().send(userinfoUrl, { accessToken })).status).toBe(401);
      expect((await rest(server, "GET", "/v1/users/me", undefined, accessToken)).status).toBe(200);
    });
  });
}
