import { Auth, type AuthConfig, type Provider } from "@auth/core";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import { afterLogout, requestLogout } from "../support/logout.ts";
import { createPerson, password, refresh, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { leads } from "./led-browser.ts";

// Auth.js as its packages for frameworks have it: `Auth` answers everything below one path of the application, here on Node's own
// server. By default it takes what it shows of a person from the id token, which holds no profile (OpenID Connect Core §5.4): an
// application has it ask userinfo by `idToken: false`, or asks for the claims in the id token by `claims`.

/** What the application's session tells its own pages. */
interface Session {
  readonly user: { readonly name?: string; readonly email?: string };
  readonly subject: string;
  readonly accessToken: string;
  readonly idToken: string;
}

let server: RunningServer;
let application: Server;
let origin: string;
let person: { readonly id: string; readonly username: string };
beforeAll(async () => {
  server = await startServer();
  person = await createPerson(server);
  application = createServer((request, response) => void answer(request, response));
  application.listen(0, "127.0.0.1");
  await once(application, "listening");
  origin = `http://localhost:${(application.address() as AddressInfo).port}`;
});
afterAll(async () => {
  application?.closeAllConnections();
  application?.close();
  await server?.stop();
});

/** The configurations of the library, by the path that it answers below, and what went wrong there. */
const configurations = new Map<string, AuthConfig>();
const errors = new Map<string, Error[]>();

/** Hands a request to the library and gives its answer. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", origin);
  const [, name = ""] = url.pathname.split("/");
  const configuration = configurations.get(name);
  if (configuration === undefined) {
    response.writeHead(404).end();
    return;
  }
  const headers = new Headers(Object.entries(request.headers).map(([field, value]) => [field, String(value)]));
  const body = request.method === "POST" ? await text(request) : null;
  const answered = await Auth(new Request(url, { method: request.method ?? "GET", headers, body }), configuration);
  response.setHeaders(answered.headers);
  response.writeHead(answered.status).end(await answered.text());
}

/** Registers a client, and sets the library up for it below `/<name>`. */
async function registered(
  name: string,
  metadata: Record<string, unknown> = {},
  settings: Partial<Provider> = {},
): Promise<void> {
  const client = await registerClient(server, { redirect_uris: [`${origin}/${name}/callback/koder-id`], ...metadata });
  const provider: Provider = {
    id: "koder-id",
    name: "Koder ID",
    type: "oidc",
    issuer: server.url,
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    authorization: { params: { scope: "openid profile email offline_access" } },
    idToken: false,
    ...settings,
  };
  errors.set(name, []);
  configurations.set(name, {
    basePath: `/${name}`,
    secret: "a secret of the application, long enough",
    trustHost: true,
    providers: [provider],
    logger: { error: (error) => void errors.get(name)?.push(error) },
    callbacks: {
      // What the library leaves to the application: to keep the tokens, and to refresh them.
      async jwt({ token, account, trigger }) {
        if (account) {
          const { providerAccountId: subject, access_token: accessToken, refresh_token: refreshToken } = account;
          return { ...token, subject, accessToken, refreshToken, idToken: account.id_token };
        }
        if (trigger !== "update") return token;
        const { status, json } = await refresh(server, client, String(token["refreshToken"]));
        expect(status, JSON.stringify(json)).toBe(200);
        return { ...token, accessToken: json["access_token"], refreshToken: json["refresh_token"] };
      },
      session: ({ session, token: { subject, accessToken, idToken } }) =>
        Object.assign(session, { subject, accessToken, idToken }),
    },
  });
}

/** A form of the application, with the token that the library asks for against forgeries. */
async function post(name: string, action: string, browser: HttpBrowser): Promise<Response> {
  const { csrfToken } = (await (await browser.get(`${origin}/${name}/csrf`)).json()) as { csrfToken: string };
  return browser.post(`${origin}/${name}/${action}`, { csrfToken });
}

/** From the application's button to where the server leads the browser next. */
async function begin(name: string, browser: HttpBrowser, query = ""): Promise<URL> {
  const at = leads(await post(name, `signin/koder-id${query}`, browser));
  return new URL(leads(await browser.get(at)), server.url);
}

/** From the application's button over the sign-in page to the callback, which the browser has not followed yet. */
async function signIn(name: string, browser: HttpBrowser): Promise<URL> {
  const page = await begin(name, browser);
  const authorization = page.searchParams.get("authorization") ?? "";
  const form = { authorization, username: person.username, password };
  return new URL(leads(await browser.post(`${server.url}/sign-in`, form)));
}

const sessionOf = async (answered: Response): Promise<Session | null> => (await answered.json()) as Session | null;
const session = async (name: string, browser: HttpBrowser) => sessionOf(await browser.get(`${origin}/${name}/session`));

/** What went wrong below a path, each with its cause. */
const wrong = (name: string): string =>
  errors
    .get(name)
    ?.map((error) => inspect(error))
    .join("\n") ?? "";

/** Follows the callback, and answers the session that comes of it. */
async function enter(name: string, callback: URL, browser: HttpBrowser): Promise<Session> {
  expect(leads(await browser.get(callback.href)), wrong(name)).toBe(origin);
  const entered = await session(name, browser);
  if (entered === null) throw new Error("the application has no session");
  return entered;
}

const profile = () => ({ name: "A Person", email: `${person.username}@koder.dev` });

/** A person signs in to an application whose client has been registered; answers its session. */
async function visit(name: string, browser = httpBrowser()): Promise<Session> {
  return enter(name, await signIn(name, browser), browser);
}

test("signs in with the checks of its defaults, refreshes in its session and signs out", async () => {
  const name = "usual";
  await registered(name, { post_logout_redirect_uris: [afterLogout] });
  const browser = httpBrowser();
  const entered = await visit(name, browser);
  expect(entered).toMatchObject({ subject: person.id, user: profile() });

  const refreshed = await sessionOf(await post(name, "session", browser));
  expect(refreshed).toMatchObject({ subject: person.id, user: profile(), accessToken: expect.any(String) });
  expect(refreshed?.accessToken).not.toBe(entered.accessToken);
  const authorization = `Bearer ${refreshed?.accessToken}`;
  const userinfo = await fetch(`${server.url}/oidc/v1/userinfo`, { headers: { authorization } });
  expect(await userinfo.json()).toMatchObject({ sub: person.id, ...profile() });

  // The library ends the application's session; to end that of the server is left to the application as well.
  expect(leads(await post(name, "signout", browser))).toBe(origin);
  expect(await session(name, browser)).toBeNull();
  const hint = { id_token_hint: entered.idToken, post_logout_redirect_uri: afterLogout };
  expect(leads(await requestLogout(server, browser, hint))).toBe(afterLogout);
  expect((await begin(name, browser)).pathname).toBe("/sign-in");
  expect(wrong(name)).toBe("");
});

test.each(["client_secret_post", "none"])("client authentication %s", async (method) => {
  const client = { token_endpoint_auth_method: method };
  await registered(method, client, { client });
  expect(await visit(method)).toMatchObject({ subject: person.id, user: profile() });
});

test("its private_key_jwt is refused, since it is for two audiences in a list", async () => {
  const name = "key";
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const client = { token_endpoint_auth_method: "private_key_jwt" };
  const token = { clientPrivateKey: keys.privateKey };
  await registered(name, { ...client, jwks: { keys: [{ kty, crv, x, y }] } }, { client, token });
  const browser = httpBrowser();
  const callback = await signIn(name, browser);
  expect(leads(await browser.get(callback.href))).toBe(`${origin}/${name}/error?error=Configuration`);
  const cause = errors.get(name)?.[0]?.cause as { readonly err: { readonly response: Response } };
  const description = expect.stringContaining("must have one of these as aud, and not in a list") as string;
  expect(await cause.err.response.json()).toEqual({ error: "invalid_client", error_description: description });
});

test("by default its session knows no profile, which it takes from the id token where it asks for the claims", async () => {
  await registered("defaults", {}, { idToken: true });
  const { subject, user } = await visit("defaults");
  expect([subject, user]).toEqual([person.id, {}]);
  const claims = { id_token: { name: null, email: { essential: true } } };
  await registered(
    "claims",
    {},
    { idToken: true, authorization: { params: { scope: "openid profile email", claims } } },
  );
  expect(await visit("claims")).toMatchObject({ subject: person.id, user: profile() });
});

test("with every check that it has it takes the server's answer, and none that another gave or another browser brings", async () => {
  const name = "checked";
  await registered(name, {}, { checks: ["pkce", "state", "nonce"] });
  const refusal = async (change: (callback: URL) => void, comesFrom?: HttpBrowser) => {
    const browser = httpBrowser();
    const callback = await signIn(name, browser);
    change(callback);
    errors.set(name, []);
    const answered = await (comesFrom ?? browser).get(callback.href);
    expect(leads(answered)).toBe(`${origin}/${name}/error?error=Configuration`);
    expect(await session(name, browser)).toBeNull();
    return wrong(name);
  };
  const another = "https://id.example.com";
  expect(await refusal(({ searchParams }) => searchParams.set("iss", another))).toContain('unexpected "iss"');
  expect(await refusal(({ searchParams }) => searchParams.delete("iss"))).toContain('"iss" (issuer) missing');
  expect(await refusal(({ searchParams }) => searchParams.set("state", "another"))).toContain('unexpected "state"');
  expect(await refusal(() => {}, httpBrowser())).toContain("cookie was missing");
  expect(await visit(name)).toMatchObject({ subject: person.id, user: profile() });
});

test("an error of the server comes to the application", async () => {
  const name = "silent";
  await registered(name);
  const browser = httpBrowser();
  const callback = await begin(name, browser, "?prompt=none");
  expect(callback.searchParams.get("error")).toBe("login_required");
  expect(leads(await browser.get(callback.href))).toBe(`${origin}/${name}/signin?error=OAuthCallbackError`);
});
