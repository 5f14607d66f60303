import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createPerson,
  refresh,
  registerClient,
  signIn,
  tokenRequest,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
let other: RelyingParty;
let publicClient: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  const redirect_uris = ["https://app.example.com/cb", "https://app.example.com/other"];
  client = await registerClient(server, { redirect_uris });
  other = await registerClient(server);
  publicClient = await registerClient(server, { token_endpoint_auth_method: "none" });
});
afterAll(() => server?.stop());

/** A code of a new sign-in, as whoever steals it sees it, and what its client sends with it. */
async function codeOf(by: RelyingParty) {
  const { username } = await createPerson(server);
  const { callback, codeVerifier } = await signIn(server, by, username);
  return {
    grant_type: "authorization_code",
    code: callback.searchParams.get("code") ?? "",
    redirect_uri: by.redirectUri,
    code_verifier: codeVerifier,
  };
}
const errorOf = async (by: RelyingParty, form: Record<string, string>) => {
  const { status, json } = await tokenRequest(server, by, form);
  return [status, json["error"]];
};
const verifier = () => randomBytes(32).toString("base64url");
const invalidGrant = [400, "invalid_grant"];

describe("A9: a code is good for whom it was issued to, once", () => {
  test("whoever has it alone gets nothing, and spends nothing", async () => {
    const form = await codeOf(client);
    const { code_verifier: _verifier, ...withoutVerifier } = form;
    expect(await errorOf(other, form)).toEqual(invalidGrant);
    expect(await errorOf(publicClient, form)).toEqual(invalidGrant);
    expect(await errorOf(client, { ...form, redirect_uri: "https://app.example.com/other" })).toEqual(invalidGrant);
    expect(await errorOf(client, { ...form, code_verifier: verifier() })).toEqual(invalidGrant);
    expect(await errorOf(client, withoutVerifier)).toEqual(invalidGrant);
    expect(await errorOf({ ...client, clientSecret: "guessed" }, form)).toEqual([401, "invalid_client"]);
    expect(await errorOf(client, { ...form, code: `${form.code.slice(0, -1)}_` })).toEqual(invalidGrant);
    expect((await tokenRequest(server, client, form)).status).toBe(200);
  });

  test("a public client's is bound by its verifier alone, and holds by it", async () => {
    const form = await codeOf(publicClient);
    expect(await errorOf(publicClient, { ...form, code_verifier: verifier() })).toEqual(invalidGrant);
    expect(await errorOf({ ...client }, form)).toEqual(invalidGrant);
    expect((await tokenRequest(server, publicClient, form)).status).toBe(200);
  });

  test("a second use ends what the first one gave, the access token included, whoever makes it", async () => {
    for (const by of [client, other]) {
      const form = await codeOf(client);
      const { json } = await tokenRequest(server, client, form);
      const [accessToken, refreshToken] = [String(json["access_token"]), String(json["refresh_token"])];
      const refreshed = await refresh(server, client, refreshToken);
      expect(refreshed.status).toBe(200);
      expect(await userinfoStatus(server, accessToken)).toBe(200);
      expect(await errorOf(by, form)).toEqual(invalidGrant);
      expect(await userinfoStatus(server, accessToken)).toBe(401);
      expect(await userinfoStatus(server, String(refreshed.json["access_token"]))).toBe(401);
      for (const token of [refreshToken, String(refreshed.json["refresh_token"])]) {
        expect((await refresh(server, client, token)).json["error"]).toBe("invalid_grant");
      }
    }
  });

  test("of twenty uses at once at most one succeeds, and what it gave is over", async () => {
    const form = await codeOf(client);
    const answers = await Promise.all(Array.from({ length: 20 }, () => tokenRequest(server, client, form)));
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect(answers.filter(({ json }) => json["error"] === "invalid_grant")).toHaveLength(19);
    for (const { json } of winners) {
      expect(await userinfoStatus(server, String(json["access_token"]))).toBe(401);
      expect((await refresh(server, client, String(json["refresh_token"]))).status).toBe(400);
    }
  });
});
