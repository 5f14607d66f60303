import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowDirectFlows, flowStep, pushWithHandle, startFlow } from "../support/direct-flows.ts";
import { addTotp, totpCode } from "../support/factors.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { subjectOf, walk } from "../support/interaction-pages.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  pushedRequestUrl,
  registerClient,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let app: RelyingParty;
let native: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  app = await registerClient(server);
  native = await registerClient(server, { token_endpoint_auth_method: "none" });
  await allowDirectFlows(server, app, native);
});
afterAll(() => server?.stop());

const step = (path: string, body: unknown) => flowStep(server, path, body);
const start = (client: RelyingParty, username: string) => startFlow(server, client, username);
const push = (...of: [client: RelyingParty, handle: string, parameters?: Record<string, string>]) =>
  pushWithHandle(server, ...of);

/** What a whole flow with a password comes to. */
async function loginHandle(client: RelyingParty, username: string): Promise<string> {
  const { status, json } = await step(`/${await start(client, username)}/password`, { password });
  expect(status, JSON.stringify(json)).toBe(200);
  return String(json["login_handle"]);
}

async function tokensOf(client: RelyingParty, handle: string) {
  const { status, json, codeVerifier } = await push(client, handle);
  expect(status, JSON.stringify(json)).toBe(201);
  const browser = httpBrowser();
  const at = locationOf(await browser.get(pushedRequestUrl(server, client, json["request_uri"])), server.url);
  expect(at.href).toMatch(/^https:\/\/app\.example\.com\/cb\?code=/);
  expect([...browser.cookies.keys()].filter((name) => name.includes("session"))).toEqual([]);
  const form = {
    code: at.searchParams.get("code") ?? "",
    redirect_uri: client.redirectUri,
    code_verifier: codeVerifier,
  };
  const tokens = await tokenRequest(server, client, { grant_type: "authorization_code", ...form });
  expect(tokens.status, JSON.stringify(tokens.json)).toBe(200);
  return tokens.json;
}

describe("A33: flows outside of the pages", () => {
  test("end in tokens of their client, by PAR and PKCE, and in no browser's session", async () => {
    for (const client of [app, native]) {
      const person = await createPerson(server);
      const tokens = await tokensOf(client, await loginHandle(client, person.username));
      expect(decodeJwt(String(tokens["id_token"]))).toMatchObject({ sub: person.id, amr: ["pwd"] });
    }
  });

  test("ask for the second factor like the pages", async () => {
    const person = await createPerson(server);
    const { secret } = await addTotp(server, (await tokensFor(server, app, person.username)).accessToken);
    const flow = await start(app, person.username);
    const asked = await step(`/${flow}/password`, { password });
    expect(asked.json).toMatchObject({ state: "FLOW_STATE_MFA_REQUIRED", next_steps: ["FLOW_STEP_TOTP"] });
    expect(asked.json).not.toHaveProperty("login_handle");
    expect((await step(`/${flow}/totp`, { code: "000000" })).json["error"]).toMatchObject({ reason: "CODE_MISMATCH" });
    const { json } = await step(`/${flow}/totp`, { code: totpCode(secret) });
    const tokens = await tokensOf(app, String(json["login_handle"]));
    expect(decodeJwt(String(tokens["id_token"]))).toMatchObject({
      amr: ["pwd", "otp", "mfa"],
      acr: "urn:koder:acr:mfa",
    });
  });

  test("are no password grant: a handle is nothing but beside a pushed request of its client, with PKCE, once", async () => {
    const person = await createPerson(server);
    const handle = await loginHandle(app, person.username);
    const grant = await tokenRequest(server, app, { grant_type: "password", username: person.username, password });
    expect(grant.json["error"]).toBe("unsupported_grant_type");
    const asCode = {
      grant_type: "authorization_code",
      code: handle,
      redirect_uri: app.redirectUri,
      code_verifier: "v".repeat(43),
    };
    expect((await tokenRequest(server, app, asCode)).json["error"]).toBe("invalid_grant");
    const direct = `${authorizationRequest(server, app).url}&login_handle=${handle}`;
    expect(locationOf(await httpBrowser().get(direct), server.url).pathname).toBe("/sign-in");
    expect((await push(native, handle)).json["error"]).toBe("invalid_request");
    expect((await push({ ...app, clientSecret: "wrong" }, handle)).status).toBe(401);
    const relaxed = await rest(server, "PATCH", `/v1/clients/${app.clientId}`, { require_pkce: false });
    expect(relaxed.status).toBe(200);
    const bare = await push(app, handle, { code_challenge: "", code_challenge_method: "" });
    expect(bare.json).toMatchObject({ error: "invalid_request" });
    expect(subjectOf(await tokensOf(app, handle))).toBe(person.id);
    expect((await push(app, handle)).json).toMatchObject({ error: "invalid_request" });
  });

  test("login CSRF: who follows another's request has their own session afterwards as before", async () => {
    const [attacker, victim] = [await createPerson(server), await createPerson(server)];
    const { browser } = await signIn(server, app, victim.username);
    const before = browser.cookies.get("koder_session");
    const { json } = await push(app, await loginHandle(app, attacker.username));
    // The code goes to the application, which has no request of this browser that it belongs to.
    await browser.get(pushedRequestUrl(server, app, json["request_uri"]));
    expect(browser.cookies.get("koder_session")).toBe(before);
    const own = await walk(server, app, { prompt: "none" }, browser);
    expect(subjectOf(await own.redeem())).toBe(victim.id);
  });

  test("are for clients that may, and a browser's flow is not one of theirs", async () => {
    const [person, other] = [await createPerson(server), await registerClient(server)];
    const refused = await step("", { client_id: other.clientId, username: person.username });
    expect(refused).toMatchObject({ status: 403, json: { error: { reason: "DIRECT_FLOWS_NOT_ALLOWED" } } });
    await addTotp(server, (await tokensFor(server, app, person.username)).accessToken);
    const way = await walk(server, app);
    const html = await (await way.send({ username: person.username, password })).text();
    const flow = /name="flow" value="([^"]+)"/.exec(html)?.[1] ?? "no flow";
    expect((await step(`/${flow}/totp`, { code: "000000" })).status).toBe(404);
  });
});

test("A23, A7: names and guesses are answered as on the pages", async () => {
  const person = await createPerson(server);
  const wrong = async (username: string) => {
    const { status, json } = await step(`/${await start(app, username)}/password`, { password: "not the password" });
    const { id: _id, ...error } = json["error"] as Record<string, unknown>;
    return { status, error };
  };
  expect(await wrong(person.username)).toEqual(await wrong("nobody-at-all"));
  for (let i = 0; i < 5; i++) await wrong(person.username);
  expect((await wrong(person.username)).status).toBe(429);
});
