import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPerson, password, registerClient, rest, tokenRequest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const permissions =
  "users.read users.write roles.read roles.write roles.assign clients.read clients.write policies.read policies.write tokens.write factors.write";

/** A person with a role, and a token of theirs with every scope that administers. */
async function administrator(role: string, scope = `openid ${permissions} *`) {
  const person = await createPerson(server);
  const given = await rest(server, "POST", `/v1/roles/${role}/assignments`, { user_id: person.id });
  expect(given.status, JSON.stringify(given.json)).toBe(200);
  const client = await registerClient(server, { scope: `openid profile email account.write ${permissions} *` });
  const { accessToken } = await tokensFor(server, client, person.username, { parameters: { scope } });
  return { ...person, accessToken, assignmentId: String(given.json["id"]) };
}

/** A service account with a role, and a token of its own for a scope. */
async function serviceAccount(role: string, scope: string) {
  const client = await registerClient(server, {
    redirect_uris: [],
    grant_types: ["client_credentials"],
    scope: permissions,
  });
  await rest(server, "POST", `/v1/roles/${role}/assignments`, { client_id: client.clientId });
  const { json } = await tokenRequest(server, client, { grant_type: "client_credentials", scope });
  return { ...client, accessToken: String(json["access_token"]) };
}

const permissionDenied = [403, "PERMISSION_DENIED"];
/** What a call with a credential is answered: the status, and why it was refused. */
async function answer(credential: string, method: string, path: string, body?: unknown): Promise<unknown[]> {
  const { status, json } = await rest(server, method, path, body, credential);
  return [status, (json["error"] as { reason?: string } | undefined)?.reason];
}

describe("A14: nobody grants more than they have", () => {
  test("a user administrator gives neither themselves nor others more, and takes nobody over", async () => {
    const [owner, admin] = [await administrator("owner"), await administrator("user-admin")];
    const { id: person } = await createPerson(server);
    const ok = await rest(server, "POST", "/v1/roles/support/assignments", { user_id: person }, admin.accessToken);
    expect(ok.status, JSON.stringify(ok.json)).toBe(403); // The token's scope names not all that support permits.
    for (const role of ["owner", "client-admin", "auditor"]) {
      expect(await answer(admin.accessToken, "POST", `/v1/roles/${role}/assignments`, { user_id: admin.id })).toEqual(
        permissionDenied,
      );
      expect(await answer(admin.accessToken, "POST", `/v1/roles/${role}/assignments`, { client_id: "mine" })).toEqual(
        permissionDenied,
      );
    }
    expect(await answer(admin.accessToken, "POST", "/v1/roles", { name: "mine", permissions: ["*"] })).toEqual(
      permissionDenied,
    );
    expect(await answer(admin.accessToken, "DELETE", `/v1/roles/owner/assignments/${owner.assignmentId}`)).toEqual(
      permissionDenied,
    );
    expect(
      await answer(admin.accessToken, "POST", `/v1/users/${owner.id}/password`, { password: "a password of my own" }),
    ).toEqual(permissionDenied);
    expect(await answer(admin.accessToken, "PATCH", `/v1/users/${owner.id}`, { email: "mine@example.com" })).toEqual(
      permissionDenied,
    );
    expect(
      await answer(admin.accessToken, "PATCH", `/v1/users/${owner.id}`, { status: "USER_STATUS_DISABLED" }),
    ).toEqual(permissionDenied);
    expect(await answer(admin.accessToken, "DELETE", `/v1/users/${owner.id}/mfa`)).toEqual(permissionDenied);
    expect(await answer(admin.accessToken, "POST", `/v1/users/${owner.id}/password/reset`, {})).toEqual(
      permissionDenied,
    );
    expect(await answer(admin.accessToken, "POST", `/v1/users/${person}/password/reset`, {})).toEqual([200, undefined]);
    const own = await rest(server, "PATCH", `/v1/users/${person}`, { name: "Another" }, admin.accessToken);
    expect(own.status).toBe(200);
  });

  test("a client administrator gets no secret of a service account that may do more", async () => {
    const admin = await administrator("client-admin");
    const account = await serviceAccount("user-admin", "users.read");
    expect(await answer(admin.accessToken, "POST", `/v1/clients/${account.clientId}/secrets`, {})).toEqual(
      permissionDenied,
    );
    expect(
      await answer(admin.accessToken, "PATCH", `/v1/clients/${account.clientId}`, {
        jwks_uri: "https://mine.example/k",
      }),
    ).toEqual(permissionDenied);
    await rest(server, "POST", "/v1/roles/owner/assignments", { client_id: "dev.koder.waiting" });
    expect(
      await answer(admin.accessToken, "POST", "/v1/clients", {
        client_id: "dev.koder.waiting",
        redirect_uris: ["https://mine.example/cb"],
      }),
    ).toEqual(permissionDenied);
  });

  test("a client administrator gets no client that acts in the name of who may do more", async () => {
    const admin = await administrator("client-admin", "openid clients.read clients.write policies.read policies.write");
    const { accessToken: token } = admin;
    const redirect_uris = ["https://mine.example/cb"];
    // Not by a scope: a new client, one of theirs, or those that register themselves.
    const mine = await rest(server, "POST", "/v1/clients", { redirect_uris, scope: "openid posts.write" }, token);
    expect(mine.status, JSON.stringify(mine.json)).toBe(200);
    const path = `/v1/clients/${String(mine.json["client_id"])}`;
    for (const scope of ["openid users.write", "*"]) {
      expect(await answer(token, "POST", "/v1/clients", { redirect_uris, scope })).toEqual(permissionDenied);
      expect(await answer(token, "PATCH", path, { scope })).toEqual(permissionDenied);
    }
    const registration = (allowed_scopes: string[]) => ({
      registration: { open: true, allowed_scopes, allowed_grant_types: ["authorization_code"], max_redirect_uris: 1 },
    });
    const policy = "/v1/admin/policies/oauth";
    expect(await answer(token, "PATCH", policy, registration(["openid", "users.write"]))).toEqual(permissionDenied);
    expect(await answer(token, "PATCH", policy, registration(["openid"]))).toEqual([200, undefined]);
    // Nor by what an owner's client has: its answers sent elsewhere, its secret, its place.
    const { clientId } = await registerClient(server, { scope: "openid users.write" });
    const changes = [
      { redirect_uris },
      { scope: "openid" },
      { jwks_uri: "https://mine.example/k" },
      { first_party: true },
    ];
    for (const change of changes) {
      expect(await answer(token, "PATCH", `/v1/clients/${clientId}`, change)).toEqual(permissionDenied);
    }
    expect(await answer(token, "POST", `/v1/clients/${clientId}/secrets`, {})).toEqual(permissionDenied);
    expect(await answer(token, "DELETE", `/v1/clients/${clientId}`)).toEqual(permissionDenied);
    // Nor by what it says of people to APIs that believe it.
    for (const claim of ["roles", "groups", "scope", "sub", "client_id", "tenant_id"]) {
      const mapper = { claim, constant_json: '["owner"]', in_access_token: true };
      expect(await answer(token, "PATCH", path, { claim_mappers: [mapper] })).toEqual([400, "CLIENT_METADATA_INVALID"]);
    }
  });

  test("credentials of programs permit no more than the credential that makes them", async () => {
    const person = await administrator("user-admin", "openid account.write users.read tokens.write");
    const token = (scopes: string[]) => ({ display_name: "mine", scopes });
    const path = "/v1/users/me/tokens";
    expect(await answer(person.accessToken, "POST", path, token(["users.write"]))).toEqual(permissionDenied);
    const made = await rest(server, "POST", path, token(["users.read", "tokens.write"]), person.accessToken);
    expect(made.status, JSON.stringify(made.json)).toBe(200);
    // Nobody sees by it more than its scopes name, and it makes no other.
    const own = String(made.json["token"]);
    expect(await answer(own, "GET", "/v1/users")).toEqual([200, undefined]);
    expect(await answer(own, "POST", "/v1/users", { username: "somebody" })).toEqual(permissionDenied);
    expect(await answer(own, "POST", path, token(["users.read"]))).toEqual([401, "SIGN_IN_TOO_OLD"]);
    const keys = "/v1/admin/api-keys";
    const key = (held: string[], authority = "TENANT") => ({
      display_name: "mine",
      permissions: held,
      authority: `API_KEY_AUTHORITY_${authority}`,
    });
    const { json } = await rest(server, "POST", keys, key(["api_keys.write"]));
    const small = String(json["api_key"]);
    for (const more of [key(["users.read"]), key(["*"]), key(["api_keys.write"], "INSTANCE")]) {
      expect(await answer(small, "POST", keys, more)).toEqual(permissionDenied);
    }
    const { json: large } = await rest(server, "POST", keys, key(["users.read"]));
    expect(await answer(small, "DELETE", `${keys}/${String(large["id"])}`)).toEqual(permissionDenied);
  });

  test("an owner of the tenant is none of the instance", async () => {
    const { accessToken } = await administrator("owner");
    expect((await rest(server, "GET", "/v1/users", undefined, accessToken)).status).toBe(200);
    expect(await answer(accessToken, "GET", "/v1/admin/system/health")).toEqual(permissionDenied);
    const { json } = await rest(server, "GET", "/v1/users?username=admin");
    const [instanceOwner] = json["users"] as readonly { readonly id: string }[];
    expect(
      await answer(accessToken, "POST", `/v1/users/${instanceOwner?.id ?? ""}/password`, {
        password: "a password of mine",
      }),
    ).toEqual(permissionDenied);
  });

  test("A32: what the owner did above tenants is in their archive for them and for authority over the instance alone", async () => {
    const { json } = await rest(server, "GET", "/v1/users?username=admin");
    const id = (json["users"] as readonly { readonly id: string }[])[0]?.id ?? "";
    expect((await rest(server, "POST", `/v1/users/${id}/password`, { password })).status).toBe(200);
    const scope = "openid account.write api_keys.write *";
    const client = await registerClient(server, { scope });
    const { accessToken } = await tokensFor(server, client, "admin", { parameters: { scope } });
    const newKey = { display_name: "above", permissions: ["api_keys.write"], authority: "API_KEY_AUTHORITY_INSTANCE" };
    const made = await rest(server, "POST", "/v1/admin/api-keys", newKey, accessToken);
    expect(made.status, JSON.stringify(made.json)).toBe(200);
    const exporting = { display_name: "exports", permissions: ["users.export"] };
    const { json: exporter } = await rest(server, "POST", "/v1/admin/api-keys", exporting);
    const archive = async (path: string, credential?: string) => {
      const answered = await rest(server, "POST", path, {}, credential);
      expect(answered.status, JSON.stringify(answered.json)).toBe(200);
      return JSON.stringify(answered.json["events"]);
    };
    const path = `/v1/users/${id}/export`;
    expect(await archive(path, String(exporter["api_key"]))).not.toContain(String(made.json["id"]));
    expect(await archive(path)).toContain(String(made.json["id"]));
    expect(await archive("/v1/me/export", accessToken)).toContain(String(made.json["id"]));
  });

  test("a service account does what its roles permit, within its token's scope, and no more", async () => {
    const { accessToken } = await serviceAccount("user-admin", "users.read clients.read");
    expect((await rest(server, "GET", "/v1/users", undefined, accessToken)).status).toBe(200);
    expect(await answer(accessToken, "POST", "/v1/users", { username: "somebody" })).toEqual(permissionDenied);
    expect(await answer(accessToken, "GET", "/v1/clients")).toEqual(permissionDenied);
    expect(await answer(accessToken, "GET", "/v1/roles")).toEqual(permissionDenied);
  });

  test("nobody takes a permission from others by an API with a scope of its name", async () => {
    const key = await rest(server, "POST", "/v1/admin/api-keys", { permissions: ["resource_servers.write"] });
    const api = { identifier: "urn:taking", scopes: [{ name: "users.read" }] };
    expect(await answer(String(key.json["api_key"]), "POST", "/v1/resource-servers", api)).toEqual([
      400,
      "RESOURCE_SERVER_INVALID",
    ]);
    const { accessToken } = await serviceAccount("user-admin", "users.read");
    expect((await rest(server, "GET", "/v1/users", undefined, accessToken)).status).toBe(200);
  });

  test("a client that is deleted takes its own roles, and what it was given, with it", async () => {
    const account = await serviceAccount("support", "users.read");
    const { id: person } = await createPerson(server);
    const role = await rest(server, "POST", "/v1/roles", { name: "own", client_id: account.clientId });
    const id = String(role.json["id"]);
    await rest(server, "POST", `/v1/roles/${id}/assignments`, { user_id: person });
    const left = async () => {
      const lists = [
        `/v1/roles?client_id=${account.clientId}`,
        `/v1/role-assignments?client_id=${account.clientId}`,
        `/v1/role-assignments?user_id=${person}`,
      ];
      const found = await Promise.all(lists.map((path) => rest(server, "GET", path)));
      return found.map(({ json }) => ((json["roles"] ?? json["assignments"]) as readonly unknown[]).length);
    };
    expect(await left()).toEqual([1, 1, 1]);
    expect((await rest(server, "DELETE", `/v1/clients/${account.clientId}`)).status).toBe(200);
    await expect.poll(left, { timeout: 20_000 }).toEqual([0, 0, 0]);
    // Nor does anything come to be left for an id that nobody has again.
    for (const [path, body, field] of [
      ["/v1/roles", { name: "own", client_id: account.clientId }, "role.client_id"],
      ["/v1/roles/support/assignments", { client_id: account.clientId }, "assignment.client_id"],
    ] as const) {
      const refused = await rest(server, "POST", path, body);
      expect([refused.status, JSON.stringify(refused.json)]).toEqual([400, expect.stringContaining(field)]);
    }
  });

  test("what the policy asks of a group does not end with the group by whoever may not change the policy", async () => {
    const { json: group } = await rest(server, "POST", "/v1/groups", { name: "strict" });
    const policy = "/v1/admin/policies/authentication";
    const overrides = [{ group_name: "strict", mfa: "MFA_REQUIREMENT_REQUIRED" }];
    expect((await rest(server, "PATCH", policy, { group_overrides: overrides })).status).toBe(200);
    const keyOf = async (...held: string[]) =>
      String((await rest(server, "POST", "/v1/admin/api-keys", { permissions: held })).json["api_key"]);
    const path = `/v1/groups/${String(group["id"])}`;
    const key = await keyOf("groups.write");
    expect(await answer(key, "DELETE", path)).toEqual([400, "GROUP_IN_POLICY"]);
    expect((await rest(server, "PATCH", policy, { group_overrides: [] })).status).toBe(200);
    expect(await answer(key, "DELETE", path)).toEqual([200, undefined]);
  });

  test("a role that is taken permits nothing from then on", async () => {
    const { accessToken, assignmentId } = await administrator("support", "openid users.read");
    expect((await rest(server, "GET", "/v1/users", undefined, accessToken)).status).toBe(200);
    await rest(server, "DELETE", `/v1/roles/support/assignments/${assignmentId}`);
    expect(await answer(accessToken, "GET", "/v1/users")).toEqual(permissionDenied);
  });

  test("a person learns what they may do themselves, and of nobody else", async () => {
    const { id } = await createPerson(server);
    const { accessToken } = await administrator("support", "openid");
    const check = "/v1/permissions:check?permission=sessions.write&user_id=";
    expect(await rest(server, "GET", `${check}me`, undefined, accessToken)).toMatchObject({
      status: 200,
      json: { allowed: true },
    });
    expect(await answer(accessToken, "GET", `${check}${id}`)).toEqual(permissionDenied);
    expect(await answer(accessToken, "GET", "/v1/permissions?client_id=dev.koder.waiting")).toEqual(permissionDenied);
    const both = await rest(server, "GET", `${check}me&client_id=dev.koder.waiting`, undefined, accessToken);
    expect(both.status).toBe(400);
  });
});
