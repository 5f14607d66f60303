import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { resolveLocalNames } from "../support/localhost-names.ts";
import {
  createPerson,
  registerClient,
  registration,
  rest,
  tokenRequest,
  tokensFor,
  type Instance,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

// Whoever makes the applications of a tenant's house, and administrators who sign in at them. In a tenant other than the default one,
// where no owner of the instance is.

let server: RunningServer;
let tenant: Instance;
beforeAll(async () => {
  resolveLocalNames();
  server = await startServer();
  const { host } = await createTenant(server);
  tenant = { url: `http://${host}`, adminApiKey: server.adminApiKey };
});
afterAll(() => server?.stop());

const redirectUri = "https://mine.example/cb";
const redirect_uris = [redirectUri];
const administering =
  "clients.read clients.write policies.read policies.write users.read users.write factors.read factors.write";

/** A new person with these roles of the tenant. */
async function withRoles(...roles: readonly string[]) {
  const person = await createPerson(tenant);
  for (const role of roles) {
    const { status, json } = await rest(tenant, "POST", `/v1/roles/${role}/assignments`, { user_id: person.id });
    expect(status, JSON.stringify(json)).toBe(200);
  }
  return person;
}

/** The access token of somebody with these roles, which names every right that an administrator of them could use. */
async function administrator(...roles: readonly string[]): Promise<string> {
  const { username } = await withRoles(...roles);
  const scope = `openid ${administering}`;
  const client = await registerClient(tenant, { scope });
  return (await tokensFor(tenant, client, username, { parameters: { scope } })).accessToken;
}

/** An application that somebody made with their credential. */
async function application(credential: string, metadata: Record<string, unknown> = {}): Promise<RelyingParty> {
  const asked = { first_party: true, redirect_uris, scope: "openid profile", ...metadata };
  const { status, json } = await rest(tenant, "POST", "/v1/clients", asked, credential);
  expect(status, JSON.stringify(json)).toBe(200);
  return { clientId: String(json["client_id"]), clientSecret: String(json["client_secret"]), redirectUri };
}

/** What an application is given where somebody signs in at it, with nothing asked of them but their password. */
const tokenAt = async (client: RelyingParty, username: string, scope = "openid profile"): Promise<string> =>
  (await tokensFor(tenant, client, username, { parameters: { scope } })).accessToken;

/** How calls of one's own account answer to a token: what reads, and what adds ways to sign in, or changes the account otherwise. */
async function atAccount(token: string) {
  const call = async (method: string, path: string, body?: object) =>
    (await rest(tenant, method, `/v1/me${path}`, body, token)).status;
  return {
    read: [await call("GET", ""), await call("GET", "/mfa")],
    write: [
      await call("POST", "/mfa/totp", {}),
      await call("POST", "/mfa/webauthn/register/begin", {}),
      await call("POST", "/mfa/recovery-codes", {}),
      await call("PATCH", "", { nickname: "Mallory" }),
      await call("POST", "/email/change", { email: "mallory@evil.example" }),
    ],
  };
}
const readsOnly = { read: [200, 200], write: [403, 403, 403, 403, 403] };
const readsAndWrites = { read: [200, 200], write: [200, 200, 200, 200, 200] };

const permissionDenied = [403, "PERMISSION_DENIED"];
async function answer(credential: string, method: string, path: string, body?: unknown): Promise<unknown[]> {
  const { status, json } = await rest(tenant, method, path, body, credential);
  return [status, (json["error"] as { reason?: string } | undefined)?.reason];
}

const registrationPolicy = (...allowed_scopes: readonly string[]) => ({
  registration: {
    open: true,
    allowed_scopes,
    allowed_grant_types: ["authorization_code", "refresh_token"],
    max_redirect_uris: 1,
  },
});
const policyPath = "/v1/admin/policies/oauth";

describe("A14: whoever makes the applications of a house does not come to act as its administrators", () => {
  test("a new one, or one that sends its codes elsewhere, reads the account of who has a permission, and changes nothing", async () => {
    const clientAdmin = await administrator("client-admin");
    const mine = await application(clientAdmin);
    const ofHouse = await registerClient(tenant, { scope: "openid profile" });
    const path = `/v1/clients/${ofHouse.clientId}`;
    expect((await rest(tenant, "PATCH", path, { redirect_uris }, clientAdmin)).status).toBe(200);
    const taken = { ...ofHouse, redirectUri };
    await rest(tenant, "POST", "/v1/roles", { name: "editor", permissions: ["posts.write"] });
    const group = await rest(tenant, "POST", "/v1/groups", { name: "board" });
    const groupId = String(group.json["id"]);
    const inGroup = await createPerson(tenant);
    await rest(tenant, "POST", `/v1/groups/${groupId}/members`, { user_id: inGroup.id });
    await rest(tenant, "POST", "/v1/roles/owner/assignments", { group_id: groupId });
    const roles = await rest(tenant, "GET", "/v1/roles");
    const editor = (roles.json["roles"] as readonly { id: string; name: string }[]).find(
      ({ name }) => name === "editor",
    );
    for (const role of ["owner", "user-admin", "support", editor?.id ?? ""]) {
      const { username } = await withRoles(role);
      for (const client of [mine, taken]) {
        expect(await atAccount(await tokenAt(client, username)), role).toEqual(readsOnly);
      }
    }
    expect(await atAccount(await tokenAt(mine, inGroup.username))).toEqual(readsOnly);
    // Whoever may do nothing beyond themselves has given it to the house, as before.
    const ordinary = await createPerson(tenant);
    expect(await atAccount(await tokenAt(mine, ordinary.username))).toEqual(readsAndWrites);
  });

  test("nor by a token of before they became one", async () => {
    const mine = await application(await administrator("client-admin"));
    const person = await createPerson(tenant);
    const token = await tokenAt(mine, person.username);
    expect((await rest(tenant, "PATCH", "/v1/me", { nickname: "Nobody" }, token)).status).toBe(200);
    await rest(tenant, "POST", "/v1/roles/owner/assignments", { user_id: person.id });
    await vi.waitFor(async () => expect(await atAccount(token)).toEqual(readsOnly), { timeout: 8_000 });
  });

  test("nobody gives `account.write`, or lets those register who have it, but who may do everything in the tenant", async () => {
    // Somebody who may change people and applications may not change an owner: an owner's token would do it for them.
    for (const token of [await administrator("client-admin"), await administrator("client-admin", "user-admin")]) {
      const { clientId } = await application(token);
      const path = `/v1/clients/${clientId}`;
      for (const metadata of [{ first_party: true }, { first_party: false }]) {
        const asked = { ...metadata, redirect_uris, scope: "openid account.write" };
        expect(await answer(token, "POST", "/v1/clients", asked)).toEqual(permissionDenied);
        expect(await answer(token, "PATCH", path, { ...metadata, scope: "openid account.write" })).toEqual(
          permissionDenied,
        );
      }
      const rpc = {
        client: { client_id: clientId, scope: "account.write" },
        client_id: clientId,
        update_mask: "scope",
      };
      const called = await rest(tenant, "POST", "/koder.oauth.v1.ClientService/UpdateClient", rpc, token);
      expect([called.status, called.json["code"]]).toEqual([403, "permission_denied"]);
      expect(await answer(token, "PATCH", policyPath, registrationPolicy("openid", "account.write"))).toEqual(
        permissionDenied,
      );
      // An API of their own does not lend the scope either.
      const api = { identifier: `https://${clientId}.example`, scopes: [{ name: "account.write" }] };
      expect((await answer(tenant.adminApiKey, "POST", "/v1/resource-servers", api))[0]).toBe(400);
      expect((await rest(tenant, "GET", path, undefined, token)).json["scope"]).toBe("openid profile");
    }
    await rest(tenant, "PATCH", policyPath, registrationPolicy("openid", "account.write"));
    const clientAdmin = await administrator("client-admin", "user-admin");
    expect(await answer(clientAdmin, "POST", "/v1/initial-access-tokens", {})).toEqual(permissionDenied);
    expect(await answer(clientAdmin, "PATCH", policyPath, registrationPolicy("openid"))).toEqual([200, undefined]);
    expect((await answer(clientAdmin, "POST", "/v1/initial-access-tokens", {}))[0]).toBe(200);
  });

  test("nor changes an application that has it, which the owner's account is open to", async () => {
    const scope = "openid profile account.write";
    const { json } = await rest(tenant, "POST", "/v1/admin/api-keys", { display_name: "owner's", permissions: ["*"] });
    const owned = await application(String(json["api_key"]), { scope });
    const { username } = await withRoles("owner");
    expect(await atAccount(await tokenAt(owned, username, scope))).toEqual(readsAndWrites);
    // A token has what it was asked for, and no more because the application may have it.
    expect(await atAccount(await tokenAt(owned, username, "openid profile"))).toEqual(readsOnly);

    const third = await application(String(json["api_key"]), { scope, first_party: false });
    for (const token of [await administrator("client-admin"), await administrator("client-admin", "user-admin")]) {
      for (const { clientId } of [owned, third]) {
        const path = `/v1/clients/${clientId}`;
        for (const change of [
          { redirect_uris },
          { first_party: true },
          { scope: "openid" },
          { jwks_uri: "https://mine.example/k" },
          { token_endpoint_auth_method: "none" },
          { grant_types: ["authorization_code", "refresh_token"] },
          { client_name: "Ours" },
        ]) {
          expect(await answer(token, "PATCH", path, change), JSON.stringify(change)).toEqual(permissionDenied);
        }
        expect(await answer(token, "POST", `${path}/secrets`, {})).toEqual(permissionDenied);
        expect(await answer(token, "DELETE", path)).toEqual(permissionDenied);
      }
    }
  });

  test("A20: nor by one that registered itself, which they made the house's before the policy gave more", async () => {
    const clientAdmin = await administrator("client-admin");
    await rest(tenant, "PATCH", policyPath, registrationPolicy("openid"));
    const body = { redirect_uris, scope: "openid" };
    const registered = await registration(tenant, "POST", { body });
    expect(registered.status, JSON.stringify(registered.json)).toBe(201);
    const own = {
      clientId: String(registered.json["client_id"]),
      token: String(registered.json["registration_access_token"]),
    };
    const path = `/v1/clients/${own.clientId}`;
    expect((await rest(tenant, "PATCH", path, { first_party: true }, clientAdmin)).status).toBe(200);
    await rest(tenant, "PATCH", policyPath, registrationPolicy("openid", "account.write", "users.write"));
    const change = (scope?: string) =>
      registration(tenant, "PUT", {
        ...own,
        body: { redirect_uris, client_id: own.clientId, ...(scope === undefined ? {} : { scope }) },
      });
    for (const scope of ["openid account.write", "openid users.write", undefined]) {
      const { status, json } = await change(scope);
      expect([status, json["error"]], scope).toEqual([400, "invalid_client_metadata"]);
    }
    expect((await change("openid")).status).toBe(200);
    // As somebody else's it has what the policy gives, because the person is asked.
    await rest(tenant, "PATCH", path, { first_party: false });
    expect((await change("openid account.write")).status).toBe(200);
    await rest(tenant, "PATCH", policyPath, registrationPolicy("openid"));
  });

  test("nor by a personal access token, which they would have had made for themselves", async () => {
    const scope = "openid tokens.write";
    const client = await registerClient(tenant, { scope });
    const [owner, person] = [await withRoles("owner"), await createPerson(tenant)];
    const make = (token: string) => answer(token, "POST", "/v1/users/me/tokens", { scopes: [] });
    expect(await make(await tokenAt(client, owner.username, scope))).toEqual(permissionDenied);
    expect(await make(await tokenAt(client, person.username, scope))).toEqual([200, undefined]);
    const more = "openid offline_access tokens.write account.write";
    const trusted = await registerClient(tenant, { scope: more });
    const tokens = await tokensFor(tenant, trusted, owner.username, { parameters: { scope: more } });
    expect(await make(tokens.accessToken)).toEqual([200, undefined]);
    const { json } = await tokenRequest(tenant, trusted, {
      grant_type: "refresh_token",
      refresh_token: tokens.refreshToken,
      scope,
    });
    expect(await make(String(json["access_token"]))).toEqual(permissionDenied);
  });
});
