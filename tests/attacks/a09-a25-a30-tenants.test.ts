import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { authorizeDevice, pollDevice, registerDevice } from "../support/device.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { afterLogout, requestLogout } from "../support/logout.ts";
import {
  authorizationRequest,
  createPerson,
  initialAccessToken,
  locationOf,
  refresh,
  registerClient,
  registration,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type Instance,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant, provenDomain, publishTxt, txtRecords } from "../support/tenants.ts";
import { sendRaw } from "./raw-request.ts";

// Two tenants of one instance, each with a client of the same id and a person of the same name, at their public doors.

interface Side extends Instance {
  readonly id: string;
  readonly slug: string;
  readonly client: RelyingParty;
  readonly person: { readonly id: string; readonly username: string };
}

let server: RunningServer;
let acme: Side;
let globex: Side;
beforeAll(async () => {
  resolveLocalNames();
  server = await startServer({ preload: txtRecords });
  [acme, globex] = [await aTenant(), await aTenant()];
});
afterAll(() => server?.stop());

async function aTenant(): Promise<Side> {
  const { id, slug, host } = await createTenant(server);
  const instance = { url: `http://${host}`, adminApiKey: server.adminApiKey };
  const client = await registerClient(instance, {
    client_id: "dev.koder.same",
    post_logout_redirect_uris: [afterLogout],
  });
  return { ...instance, id, slug, client, person: await createPerson(instance) };
}

/** A request as it is sent, to one of the tenant's hosts. */
const send = (host: string, method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
  sendRaw(server.url, { method, path, headers: { host, ...headers }, body: Buffer.alloc(0) });
const hostOf = ({ url }: Pick<Instance, "url">) => new URL(url).host;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("each tenant is an issuer of its own", () => {
  test("with its own origin in discovery, its own keys, and people that the other has not", async () => {
    const discovered = async ({ url }: Side) => {
      const metadata = (await (await fetch(`${url}/.well-known/openid-configuration`)).json()) as {
        readonly issuer: string;
        readonly jwks_uri: string;
        readonly token_endpoint: string;
      };
      expect([metadata.issuer, metadata.token_endpoint]).toEqual([url, `${url}/oauth/v2/token`]);
      const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { readonly keys: { readonly kid: string }[] };
      return keys.map(({ kid }) => kid);
    };
    const [ours, theirs] = [await discovered(acme), await discovered(globex)];
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((kid) => theirs.includes(kid))).toEqual([]);
    expect((await rest(globex, "GET", `/v1/users/${acme.person.id}`)).status).toBe(404);
    expect((await rest(acme, "GET", `/v1/users/${acme.person.id}`)).status).toBe(200);
  });

  test("who has the right password of the other tenant's person is not signed in", async () => {
    const stranger = await createPerson(acme);
    const browser = httpBrowser();
    const page = locationOf(await browser.get(authorizationRequest(globex, globex.client).url), globex.url);
    const form = {
      authorization: page.searchParams.get("authorization") ?? "",
      username: stranger.username,
      password: "correct horse battery staple",
    };
    const answer = await browser.post(`${globex.url}/sign-in`, form);
    expect([answer.status, answer.headers.get("location")]).toEqual([401, null]);
  });
});

describe("A9: what one tenant gave is nothing at another", () => {
  test("a code, which stays good where it was given", async () => {
    const { callback, codeVerifier } = await signIn(acme, acme.client, acme.person.username);
    const form = {
      grant_type: "authorization_code",
      code: callback.searchParams.get("code") ?? "",
      redirect_uri: acme.client.redirectUri,
      code_verifier: codeVerifier,
    };
    expect(await tokenRequest(globex, globex.client, form)).toMatchObject({ json: { error: "invalid_grant" } });
    expect((await tokenRequest(globex, acme.client, form)).json["error"]).toBe("invalid_client");
    expect((await tokenRequest(acme, acme.client, form)).status).toBe(200);
  });

  test("access, refresh and id tokens", async () => {
    const tokens = await tokensFor(acme, acme.client, acme.person.username);
    expect(await userinfoStatus(acme, tokens.accessToken)).toBe(200);
    expect(await userinfoStatus(globex, tokens.accessToken)).toBe(401);
    expect((await rest(globex, "GET", "/v1/users/me", undefined, tokens.accessToken)).status).toBe(401);
    expect((await refresh(globex, globex.client, tokens.refreshToken)).json["error"]).toBe("invalid_grant");
    expect((await refresh(acme, acme.client, tokens.refreshToken)).status).toBe(200);
    const hint = { id_token_hint: tokens.idToken, post_logout_redirect_uri: afterLogout };
    // A page asks, and leads nowhere: for globex it is no id token at all.
    const answer = await requestLogout(globex, tokens.browser, hint);
    expect([answer.status, answer.headers.get("location")]).not.toEqual([303, afterLogout]);
  });

  test("a browser's cookies, a sign-in that waits, and a device's code", async () => {
    const { browser } = await signIn(acme, acme.client, acme.person.username);
    const silent = authorizationRequest(globex, globex.client, { prompt: "none" }).url;
    expect(locationOf(await browser.get(silent), globex.url).searchParams.get("error")).toBe("login_required");
    const pending = locationOf(await browser.get(authorizationRequest(globex, globex.client).url), globex.url);
    expect((await browser.get(`${acme.url}${pending.pathname}${pending.search}`)).status).toBe(404);

    const [device, other] = [await registerDevice(acme), await registerDevice(globex)];
    const { deviceCode } = await authorizeDevice(acme, device);
    expect((await pollDevice(acme, device, deviceCode)).json["error"]).toBe("authorization_pending");
    const elsewhere = await pollDevice(globex, other, deviceCode);
    expect(["invalid_grant", "expired_token"]).toContain(elsewhere.json["error"]);
  });

  test("what lets somebody register clients, and where a list goes on", async () => {
    const token = await initialAccessToken(acme);
    const asked = { token, body: { redirect_uris: ["https://app.example.com/cb"] } };
    expect((await registration(globex, "POST", asked)).status).toBe(401);
    expect((await registration(acme, "POST", asked)).status).toBe(201);

    await createPerson(acme);
    await createPerson(acme);
    const { json } = await rest(acme, "GET", "/v1/users?page_size=1");
    const next = encodeURIComponent(String(json["next_page_token"]));
    expect((await rest(globex, "GET", `/v1/users?page_token=${next}`)).json).toMatchObject({
      error: { reason: "PAGE_TOKEN_INVALID" },
    });
  });
});

describe("A25, A32: which tenant it is, and who says so", () => {
  test("X-Koder-Tenant is for whoever has authority over the instance, and refused to all others", async () => {
    const { accessToken } = await tokensFor(acme, acme.client, acme.person.username);
    const path = `/v1/users/${globex.person.id}`;
    const header = { "x-koder-tenant": globex.slug };
    for (const [host, credential] of [
      [new URL(server.url).host, {}],
      [hostOf(acme), bearer(accessToken)],
      [hostOf(globex), bearer(accessToken)],
    ] as const) {
      const answer = await send(host, "GET", path, { ...header, ...credential });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("TENANT_HEADER_REFUSED")]);
    }
    const admin = bearer(server.adminApiKey);
    for (const named of [globex.slug, globex.id]) {
      const answer = await send(new URL(server.url).host, "GET", path, { ...admin, "x-koder-tenant": named });
      expect(answer.status, answer.body).toBe(200);
    }
    expect((await send(hostOf(globex), "GET", path, { ...admin, "x-koder-tenant": acme.slug })).status).toBe(404);
    expect((await send(hostOf(acme), "GET", path, { ...admin, "x-koder-tenant": "nobody" })).status).toBe(404);
    // Somebody meant a tenant: nothing happens in another, be it the default one or that of the host.
    for (const host of [new URL(server.url).host, hostOf(acme)]) {
      const answer = await send(host, "GET", "/v1/users", { ...admin, "x-koder-tenant": "" });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining("must name a tenant")]);
    }
    const standard = await send(hostOf(acme), "GET", "/oauth/v2/keys", { ...admin, ...header });
    expect(standard.status).toBe(400);
  });

  test("an owner of the instance has their own account in their own tenant, wherever they call", async () => {
    const { json: found } = await rest(server, "GET", "/v1/users?username=admin");
    const [owner] = found["users"] as readonly { readonly id: string }[];
    const id = owner?.id ?? "";
    const newPassword = { password: "correct horse battery staple" };
    expect((await rest(server, "POST", `/v1/users/${id}/password`, newPassword)).status).toBe(200);
    const scope = "openid account.read account.write users.read tokens.write";
    const client = await registerClient(server, { scope });
    const { accessToken } = await tokensFor(server, client, "admin", { parameters: { scope } });
    const atHome = new URL(server.url).host;
    const calls = [
      ["GET", "/v1/me", undefined],
      ["POST", "/v1/users/me/tokens", { display_name: "mine", scopes: ["users.read"] }],
      ["POST", "/v1/me/sessions/revoke-others", {}],
      ["GET", "/v1/permissions?user_id=me", undefined],
      ["POST", "/v1/me/password", { current_password: newPassword.password, new_password: "another good pass phrase" }],
    ] as const;
    for (const [host, header] of [
      [atHome, { "x-koder-tenant": acme.slug }],
      [hostOf(acme), {}],
    ] as const) {
      for (const [method, path, body] of calls) {
        const answer = await sendRaw(server.url, {
          method,
          path,
          headers: { host, ...bearer(accessToken), ...header, "content-type": "application/json" },
          body: Buffer.from(body === undefined ? "" : JSON.stringify(body)),
        });
        expect([path, answer.status, answer.body]).toEqual([path, 403, expect.stringContaining("in another tenant")]);
      }
      const listed = await send(host, "GET", "/v1/users", { ...bearer(accessToken), ...header });
      expect([listed.status, listed.body]).toEqual([200, expect.stringContaining(acme.person.id)]);
    }
    for (const [method, path, body] of calls) {
      expect((await rest(server, method, path, body, accessToken)).status, path).toBe(200);
    }
  });

  test("a host that is no tenant's is nobody's, whatever else is sent", async () => {
    const { host, hostname, port } = new URL(server.url);
    const strange = [
      `nobody.${host}`,
      `default.${host}`,
      `${acme.slug}.${hostname}:1`,
      "evil.test",
      `x.${hostOf(acme)}`,
    ];
    for (const other of [...strange, `${acme.slug}.${hostname}.evil.test:${port}`]) {
      const answer = await send(other, "GET", "/.well-known/openid-configuration", {
        "x-forwarded-host": hostOf(acme),
      });
      expect([answer.status, answer.body], other).toEqual([421, expect.stringContaining("HOST_UNKNOWN")]);
    }
  });

  test("A32: tenants are managed by nobody in a tenant", async () => {
    const { accessToken } = await tokensFor(acme, acme.client, acme.person.username);
    const service = await registerClient(acme, { grant_types: ["client_credentials"], redirect_uris: [] });
    const { json } = await tokenRequest(acme, service, { grant_type: "client_credentials" });
    for (const credential of [accessToken, String(json["access_token"])]) {
      for (const [method, tail] of [
        ["GET", ""],
        ["POST", `/${acme.slug}/suspend`],
        ["DELETE", `/${globex.slug}`],
        ["POST", `/${acme.slug}/domains`],
      ] as const) {
        const body = method === "POST" ? { domain: "login.acme.test" } : undefined;
        const answer = await rest(
          acme,
          method,
          `/v1/admin/tenants${tail}`,
          tail.endsWith("suspend") ? {} : body,
          credential,
        );
        expect(answer, `${method} ${tail}`).toMatchObject({
          status: 403,
          json: { error: { reason: "PERMISSION_DENIED" } },
        });
      }
    }
  });
});

describe("a tenant that is suspended", () => {
  test("gives nothing, and nothing that it gave is good; when it is resumed, it is", async () => {
    const side = await aTenant();
    const tokens = await tokensFor(side, side.client, side.person.username);
    const path = `/v1/admin/tenants/${side.slug}`;
    const signInPage = async () =>
      (await fetch(authorizationRequest(side, side.client).url, { redirect: "manual" })).status;
    expect([await userinfoStatus(side, tokens.accessToken), await signInPage()]).toEqual([200, 303]);
    expect((await rest(server, "POST", `${path}/suspend`, {})).json).toMatchObject({ state: "TENANT_STATE_SUSPENDED" });
    await expect.poll(() => userinfoStatus(side, tokens.accessToken), { timeout: 6_000 }).toBe(421);
    expect(await signInPage()).toBe(421);
    const token = { grant_type: "refresh_token", refresh_token: tokens.refreshToken };
    expect((await tokenRequest(side, side.client, token)).status).toBe(421);
    // Nor does it help to come by another door.
    const elsewhere = await rest(server, "GET", "/v1/users/me", undefined, tokens.accessToken);
    expect(elsewhere.status).toBe(401);
    const admin = { ...bearer(server.adminApiKey), "x-koder-tenant": side.slug };
    expect((await send(new URL(server.url).host, "GET", "/v1/users", admin)).status).toBe(404);

    expect((await rest(server, "POST", `${path}/resume`, {})).json).toMatchObject({ state: "TENANT_STATE_ACTIVE" });
    await expect.poll(() => userinfoStatus(side, tokens.accessToken), { timeout: 6_000 }).toBe(200);
    expect((await tokenRequest(side, side.client, token)).status).toBe(200);
  });

  test("A30: its name is nobody else's, deleted or not", async () => {
    const { slug } = await createTenant(server);
    const again = () => rest(server, "POST", "/v1/admin/tenants", { slug });
    expect((await rest(server, "DELETE", `/v1/admin/tenants/${slug}`)).json).toMatchObject({
      state: "TENANT_STATE_DELETING",
      purge_time: expect.any(String) as unknown,
    });
    expect(await again()).toMatchObject({ status: 409, json: { error: { reason: "TENANT_SLUG_TAKEN" } } });
    expect((await rest(server, "DELETE", "/v1/admin/tenants/default")).json).toMatchObject({
      error: { reason: "TENANT_IS_DEFAULT" },
    });
  });
});

describe("a tenant at a domain of its own", () => {
  test("answers there once it is proven; readers are led to its canonical origin, and all else is refused elsewhere", async () => {
    const side = await aTenant();
    const { port } = new URL(server.url);
    const [domain, at] = ["login.acme.test", `login.acme.test:${port}`];
    const discovery = "/.well-known/openid-configuration";
    const path = await provenDomain(server, side.slug, domain);
    expect((await send(at, "GET", discovery)).status).toBe(421);
    expect(await rest(server, "POST", `${path}/verify`, {})).toMatchObject({
      status: 200,
      json: { state: "TENANT_DOMAIN_STATE_VERIFIED" },
    });
    await expect.poll(async () => (await send(at, "GET", discovery)).status, { timeout: 6_000 }).toBe(307);
    const settings = { custom_domain: domain };
    expect((await rest(server, "PATCH", `/v1/admin/tenants/${side.slug}`, settings)).json).toMatchObject({
      canonical_origin: `http://${at}`,
    });
    const issuer = async () => {
      const answer = await send(at, "GET", discovery);
      return answer.status === 200 ? (JSON.parse(answer.body) as { readonly issuer: string }).issuer : undefined;
    };
    await expect.poll(issuer, { timeout: 11_000 }).toBe(`http://${at}`);
    const led = await send(hostOf(side), "GET", `${discovery}?a=b`);
    expect([led.status, led.headers["location"]]).toEqual([307, `http://${at}${discovery}?a=b`]);
    // Nobody keeps it: the origin may be this one again. A single-page application may follow it.
    expect([led.headers["cache-control"], led.headers["access-control-allow-origin"]]).toEqual(["no-store", "*"]);
    expect((await send(hostOf(side), "GET", "/")).headers["access-control-allow-origin"]).toBeUndefined();
    expect((await send(hostOf(side), "POST", "/oauth/v2/token")).status).toBe(421);
    const there = { url: `http://${at}`, adminApiKey: server.adminApiKey };
    const tokens = await tokensFor(there, side.client, side.person.username);
    expect(await userinfoStatus(there, tokens.accessToken)).toBe(200);
    expect(await userinfoStatus(acme, tokens.accessToken)).toBe(401);
    publishTxt(server, {});
    expect((await rest(server, "DELETE", path)).json).toMatchObject({ error: { reason: "TENANT_DOMAIN_IN_USE" } });
  });
});
