import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { mustRun, runProgram } from "../../tools/run-program.ts";
import { freePort } from "../support/free-port.ts";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import { createPerson, registerClient, rest, tokenRequest, userinfoStatus } from "../support/relying-party.ts";
import type { RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { builtOnce } from "../support/built-once.ts";
import { changed } from "./changed-token.ts";
import { open, signInOn, type Arrival } from "./led-browser.ts";

// oauth2-proxy, the program as its authors release it, in front of an application that knows nothing of OAuth: built of the version in
// tests/interop/oauth2-proxy. The test is the browser, and the application.

const source = join(import.meta.dirname, "oauth2-proxy");

let server: RunningServer;
let upstream: Server;
let proxy: ChildProcess;
const output: string[] = [];
let origin: string;
let client: RelyingParty;
let person: { readonly id: string; readonly username: string };
let goIsMissing = false;
beforeAll(async () => {
  const go = await runProgram("go", ["version"]);
  goIsMissing = go.code !== 0;
  if (goIsMissing) return;
  const program = await build(go.output);
  server = await startServer();
  person = await createPerson(server);
  upstream = createServer((request, response) => response.end(JSON.stringify(request.headers)));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const port = await freePort();
  origin = `http://localhost:${port}`;
  client = await registerClient(server, {
    redirect_uris: [`${origin}/oauth2/callback`],
    post_logout_redirect_uris: [`${origin}/`],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
  });
  await start(program, port);
}, 600_000);
afterAll(async () => {
  if (proxy !== undefined && proxy.exitCode === null && proxy.signalCode === null) {
    proxy.kill();
    await once(proxy, "close");
  }
  upstream?.closeAllConnections();
  upstream?.close();
  await server?.stop();
});
beforeEach((context) => context.skip(goIsMissing, "Go is not installed (https://go.dev/doc/install)"));

/** Not optimized, and without symbols: that is a quarter less to do for the compiler, which has a minute of work all the same. */
async function build(compiler: string): Promise<string> {
  const name = "oauth2-proxy";
  const folder = await builtOnce(name, { source, files: ["go.mod", "go.sum"], compiler }, async (into) => {
    const quick = ["-gcflags=all=-N -l", "-ldflags=-s -w"];
    const args = ["build", "-mod=readonly", ...quick, "-o", join(into, name)];
    const env = { CGO_ENABLED: "0" };
    await mustRun("go", [...args, "github.com/oauth2-proxy/oauth2-proxy/v7"], { cwd: source, env });
  });
  return join(folder, name);
}

async function start(program: string, port: number): Promise<void> {
  const settings = {
    provider: "oidc",
    "oidc-issuer-url": server.url,
    "client-id": client.clientId,
    "client-secret": client.clientSecret,
    scope: "openid email profile offline_access",
    "code-challenge-method": "S256",
    "insecure-oidc-skip-nonce": "false",
    "http-address": `127.0.0.1:${port}`,
    "redirect-url": `${origin}/oauth2/callback`,
    upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`,
    "pass-access-token": "true",
    "pass-authorization-header": "true",
    "email-domain": "*",
    "cookie-secret": randomBytes(32).toString("base64url"),
    "cookie-secure": "false",
    "cookie-refresh": "1ms",
    "whitelist-domain": new URL(server.url).host,
    // Who comes with a token of ours needs no cookie: an id token for this client, or an access token for the tenant.
    "skip-jwt-bearer-tokens": "true",
    "bearer-token-login-fallback": "false",
    "oidc-extra-audience": server.url,
  };
  const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  proxy = spawn(program, args, { env: {}, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [proxy.stdout, proxy.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on("line", (line) => output.push(line));
  }
  await vi.waitFor(
    async () => {
      expect(proxy.exitCode, output.join("\n")).toBeNull();
      expect((await fetch(`${origin}/ready`)).status).toBe(200);
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** What the application behind the proxy sees of a request. */
async function seen(page: Response): Promise<Record<string, string>> {
  const text = await page.text();
  expect(page.status, `${text}\n${output.join("\n")}`).toBe(200);
  return JSON.parse(text) as Record<string, string>;
}

/** The proxy's own page, which asks whoever is not signed in to begin; answers where its button leads. */
async function button(page: Response): Promise<string> {
  const html = await page.text();
  expect([page.status, html]).toEqual([403, expect.stringContaining('action="/oauth2/start"')]);
  const rd = /name="rd" value="([^"]+)"/.exec(html)?.[1] ?? "";
  return `${origin}/oauth2/start?${new URLSearchParams({ rd }).toString()}`;
}

/** Opens an address of the application, and presses the button. */
const begin = async (browser: HttpBrowser, path: string): Promise<Arrival> =>
  open(browser, await button(await browser.get(`${origin}${path}`)));

/** Opens the application again, until what comes is enough: the proxy refreshes once in each second. */
const later = <T>(browser: HttpBrowser, enough: (page: Response) => Promise<T>): Promise<T> =>
  vi.waitFor(async () => enough(await browser.get(`${origin}/`)), { timeout: 20_000, interval: 100 });

const withToken = (token: string): Promise<Response> =>
  fetch(`${origin}/`, { headers: { authorization: `Bearer ${token}` } });

/** What a person is to the application behind the proxy. */
const known = ({ id, username }: typeof person) => ({
  "x-forwarded-user": id,
  "x-forwarded-email": `${username}@koder.dev`,
  "x-forwarded-preferred-username": username,
});

test("an address that nobody has verified is refused; code flow with PKCE, userinfo, refresh and logout", async () => {
  const browser = httpBrowser();
  const asked = await begin(browser, "/reports?year=2026");
  expect(Object.fromEntries(asked.way[1]?.searchParams ?? [])).toMatchObject({
    client_id: client.clientId,
    nonce: expect.any(String),
    code_challenge_method: "S256",
  });
  const refused = await signInOn(asked, browser, person.username);
  expect([refused.page.status, refused.way.at(-1)?.pathname]).toEqual([403, "/oauth2/callback"]);
  await verify(person);

  const signedIn = await begin(browser, "/reports?year=2026");
  expect(signedIn.way.at(-1)?.href).toBe(`${origin}/reports?year=2026`);
  expect(await seen(signedIn.page)).toMatchObject(known(person));
  const userinfo = await browser.get(`${origin}/oauth2/userinfo`);
  expect(await userinfo.json()).toMatchObject({ user: person.id, email: `${person.username}@koder.dev` });

  // The second refresh is by the token that the first one gave.
  const tokens = new Set<string>();
  const request = await later(browser, async (page) => {
    const headers = await seen(page);
    tokens.add(headers["x-forwarded-access-token"] ?? "");
    expect(tokens.size).toBeGreaterThan(2);
    return headers;
  });
  expect(request).toMatchObject(known(person));
  expect(await userinfoStatus(server, request["x-forwarded-access-token"] ?? "")).toBe(200);

  const ended = new URL("/oidc/v1/end_session", server.url);
  const back = new URLSearchParams({ post_logout_redirect_uri: `${origin}/` }).toString();
  const rd = new URLSearchParams({ rd: `${ended.href}?id_token_hint={id_token}&${back}` }).toString();
  const signedOut = await open(browser, `${origin}/oauth2/sign_out?${rd}`);
  expect(signedOut.way.slice(1).map((url) => url.origin + url.pathname)).toEqual([ended.href, `${origin}/`]);
  expect((await open(browser, await button(signedOut.page))).way.at(-1)?.pathname).toBe("/sign-in");
});

test("who is signed out everywhere is out at the next refresh", async () => {
  const another = await createPerson(server);
  await verify(another);
  const browser = httpBrowser();
  const signedIn = await signInOn(await begin(browser, "/"), browser, another.username);
  expect(await seen(signedIn.page)).toMatchObject(known(another));
  expect((await rest(server, "DELETE", `/v1/users/${another.id}/sessions`)).status).toBe(200);
  const next = await later(browser, button);
  expect((await open(browser, next)).way.at(-1)?.pathname).toBe("/sign-in");
});

test("an id token, and the access token of a client by itself, open the application without a cookie", async () => {
  const someone = await createPerson(server);
  await verify(someone);
  const browser = httpBrowser();
  const request = await seen((await signInOn(await begin(browser, "/"), browser, someone.username)).page);
  const idToken = (request["authorization"] ?? "").replace("Bearer ", "");
  // The proxy looks for an address in the token alone, and takes the subject where there is none.
  expect(await seen(await withToken(idToken))).toMatchObject({
    "x-forwarded-user": someone.id,
    "x-forwarded-email": someone.id,
  });
  const { json } = await tokenRequest(server, client, { grant_type: "client_credentials" });
  const token = String(json["access_token"]);
  expect(await seen(await withToken(token))).toMatchObject({ "x-forwarded-user": client.clientId });
  expect((await withToken(changed(token))).status).toBe(403);
});

/** As an administrator does who knows the person. */
async function verify({ id }: typeof person): Promise<void> {
  expect((await rest(server, "PATCH", `/v1/users/${id}`, { email_verified: true })).status).toBe(200);
}
