import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  clientRequest,
  createPerson,
  registerClient,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { decidedDevice, pollDevice, registerDevice } from "../support/device.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const introspectionOf = async (of: RelyingParty, token: string) =>
  (await clientRequest(server, of, "/oauth/v2/introspect", { token })).json;
const claimsOf = (token: unknown): Record<string, unknown> => decodeJwt(String(token));

describe("A11: a scope that is taken from a client is in nothing that it gets from then on", () => {
  const administrator = "users.read users.write";
  const all = `openid email offline_access ${administrator}`;

  async function allowOnly({ clientId }: RelyingParty, scope: string): Promise<void> {
    const { status, json } = await rest(server, "PATCH", `/v1/clients/${clientId}`, { scope });
    expect(status, JSON.stringify(json)).toBe(200);
  }
  const own = (form: Record<string, string>, of: RelyingParty) => tokenRequest(server, of, form);
  const refreshOf = (of: RelyingParty, refreshToken: string, scope = "") =>
    own({ grant_type: "refresh_token", refresh_token: refreshToken, ...(scope === "" ? {} : { scope }) }, of);

  test("not by a refresh, which takes what is left, and nothing where nothing is", async () => {
    const of = await registerClient(server, { scope: all });
    const { username } = await createPerson(server);
    const given = await tokensFor(server, of, username, { parameters: { scope: all } });
    expect(claimsOf(given.accessToken)["scope"]).toBe(all);

    await allowOnly(of, "openid email offline_access");
    const whole = await refreshOf(of, given.refreshToken);
    expect([whole.status, whole.json["scope"]]).toEqual([200, "openid email offline_access"]);
    expect(claimsOf(whole.json["access_token"])["scope"]).toBe("openid email offline_access");
    let token = String(whole.json["refresh_token"]);
    const asked = await refreshOf(of, token, "openid users.write");
    expect([asked.status, asked.json["scope"]]).toEqual([200, "openid"]);
    token = String(asked.json["refresh_token"]);
    const refused = await refreshOf(of, token, administrator);
    expect([refused.status, refused.json["error"]]).toEqual([400, "invalid_scope"]);

    for (const left of ["openid email", "profile offline_access"]) {
      await allowOnly(of, left);
      expect((await refreshOf(of, token)).json["error"]).toBe("invalid_scope");
      expect(await introspectionOf(of, token)).toEqual({ active: false });
    }
    const setGrantTypes = (types: string[]) =>
      rest(server, "PATCH", `/v1/clients/${of.clientId}`, { grant_types: types });
    // No refusal has used the token up.
    await allowOnly(of, all);
    expect((await setGrantTypes(["authorization_code"])).status).toBe(200);
    expect((await refreshOf(of, token)).json["error"]).toBe("unauthorized_client");
    expect(await introspectionOf(of, token)).toEqual({ active: false });
    expect((await setGrantTypes(["authorization_code", "refresh_token"])).status).toBe(200);
    expect(await introspectionOf(of, token)).toMatchObject({ active: true, scope: all });
    expect((await refreshOf(of, token)).json["scope"]).toBe(all);
  });

  test("not by a code that was issued before", async () => {
    const of = await registerClient(server, { scope: all });
    const { username } = await createPerson(server);
    const redeem = async (left: string) => {
      const { callback, codeVerifier } = await signIn(server, of, username, { parameters: { scope: all } });
      await allowOnly(of, left);
      const code = callback.searchParams.get("code") ?? "";
      const form = {
        grant_type: "authorization_code",
        code,
        redirect_uri: of.redirectUri,
        code_verifier: codeVerifier,
      };
      const { status, json } = await own(form, of);
      await allowOnly(of, all);
      return { status, json };
    };
    const { status, json } = await redeem("openid email");
    expect([status, json["scope"]]).toEqual([200, "openid email"]);
    expect(claimsOf(json["access_token"])["scope"]).toBe("openid email");
    expect(json).not.toHaveProperty("refresh_token");
    expect((await redeem("profile")).json["error"]).toBe("invalid_scope");
  });

  test("nor by userinfo and introspection of a token that is out already", async () => {
    const of = await registerClient(server, { scope: all });
    const { username } = await createPerson(server);
    const { accessToken, refreshToken } = await tokensFor(server, of, username, { parameters: { scope: all } });
    await allowOnly(of, "openid offline_access");
    const headers = { authorization: `Bearer ${accessToken}` };
    expect(await (await fetch(`${server.url}/oidc/v1/userinfo`, { headers })).json()).not.toHaveProperty("email");
    for (const token of [accessToken, refreshToken]) {
      expect(await introspectionOf(of, token)).toMatchObject({ active: true, scope: "openid offline_access" });
    }
    await allowOnly(of, "email");
    expect(await userinfoStatus(server, accessToken)).toBe(403);
  });
});

describe("A11: an API that is closed to a client gives it nothing from then on", () => {
  const identifier = "https://closing.example.com";
  let id = "";
  beforeAll(async () => {
    const scopes = [{ name: "closing.read" }];
    const made = await rest(server, "POST", "/v1/resource-servers", { identifier, scopes, all_clients_allowed: true });
    id = String(made.json["id"]);
  });
  const setOpen = async (isOpen: boolean) => {
    const { status } = await rest(server, "PATCH", `/v1/resource-servers/${id}`, { all_clients_allowed: isOpen });
    expect(status).toBe(200);
  };
  const scope = "offline_access closing.read";
  const parameters = { scope, resource: identifier };

  test("introspection says at once that a token that is out already is not active, to the API as well", async () => {
    const of = await registerClient(server, { scope });
    const api = await registerClient(server);
    const { username } = await createPerson(server);
    const path = `/v1/resource-servers/${id}`;
    const introspecting = { introspection_client_ids: [api.clientId] };
    expect((await rest(server, "PATCH", path, introspecting)).status).toBe(200);
    const { accessToken } = await tokensFor(server, of, username, { parameters });
    const seen = async () => {
      const answers = [await introspectionOf(of, accessToken), await introspectionOf(api, accessToken)];
      return answers.map(({ active }) => active);
    };
    expect(await seen()).toEqual([true, true]);
    await setOpen(false);
    expect(await seen()).toEqual([false, false]);
    await setOpen(true);
    expect(await seen()).toEqual([true, true]);
  });

  test("neither a code nor a refresh token is used up by that, and a replay still ends what came of it", async () => {
    const of = await registerClient(server, { scope });
    const { username } = await createPerson(server);
    const { callback, codeVerifier } = await signIn(server, of, username, { parameters });
    const redeem = () =>
      tokenRequest(server, of, {
        grant_type: "authorization_code",
        code: callback.searchParams.get("code") ?? "",
        redirect_uri: of.redirectUri,
        code_verifier: codeVerifier,
      });
    await setOpen(false);
    expect((await redeem()).json["error"]).toBe("invalid_target");
    await setOpen(true);
    const first = await redeem();
    expect([first.status, claimsOf(first.json["access_token"])["aud"]]).toEqual([200, identifier]);

    const refresh = (token: unknown) =>
      tokenRequest(server, of, { grant_type: "refresh_token", refresh_token: String(token) });
    await setOpen(false);
    expect((await refresh(first.json["refresh_token"])).json["error"]).toBe("invalid_target");
    expect(await introspectionOf(of, String(first.json["refresh_token"]))).toEqual({ active: false });
    await setOpen(true);
    const second = await refresh(first.json["refresh_token"]);
    // It was not used by the refusal: this is its first use, and the successor's own comes after it.
    const third = await refresh(second.json["refresh_token"]);
    expect([second.status, third.status]).toEqual([200, 200]);

    await setOpen(false);
    expect((await redeem()).json["error"]).toBe("invalid_grant");
    await setOpen(true);
    expect((await refresh(third.json["refresh_token"])).json["error"]).toBe("invalid_grant");
  });

  test("nor is a device code", async () => {
    const client = await registerDevice(server, { scope });
    const { deviceCode } = await decidedDevice(server, { client, parameters });
    await setOpen(false);
    expect((await pollDevice(server, client, deviceCode)).json["error"]).toBe("invalid_target");
    await setOpen(true);
    expect((await pollDevice(server, client, deviceCode)).status).toBe(200);
  });
});
