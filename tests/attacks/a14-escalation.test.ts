import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPerson, registerClient, rest, tokenRequest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const permissions = "users.read users.write roles.read roles.write roles.assign clients.read clients.write";

/** A person with a role, and a token of theirs with every scope that administers. */
async function administrator(role: string, scope = `openid ${permissions} *`) {
  const person = await createPerson(server);
  const given = await rest(server, "POST", `/v1/roles/${role}/assignments`, { user_id: person.id });
  expect(given.status, JSON.stringify(given.json)).toBe(200);
  const client = await registerClient(server, { scope: `openid profile email ${permissions} *` });
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

  test("a service account does what its roles permit, within its token's scope, and no more", async () => {
    const { accessToken } = await serviceAccount("user-admin", "users.read clients.read");
    expect((await rest(server, "GET", "/v1/users", undefined, accessToken)).status).toBe(200);
    expect(await answer(accessToken, "POST", "/v1/users", { username: "somebody" })).toEqual(permissionDenied);
    expect(await answer(accessToken, "GET", "/v1/clients")).toEqual(permissionDenied);
    expect(await answer(accessToken, "GET", "/v1/roles")).toEqual(permissionDenied);
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
