import { createHash, randomBytes } from "node:crypto";
import { expect } from "vitest";
import { httpBrowser, type HttpBrowser } from "./http-browser.ts";
import type { RunningServer } from "./server.ts";

/** A server, wherever it runs. */
export type Instance = Pick<RunningServer, "url" | "adminApiKey">;

/** The password of every person that `createPerson` makes. */
export const password = "correct horse battery staple";

/** A REST call with the first API key, or another credential; answers status and JSON. */
export async function rest(
  server: Instance,
  method: string,
  path: string,
  body?: unknown,
  credential: string | undefined = server.adminApiKey,
): Promise<{ readonly status: number; readonly json: Record<string, unknown> }> {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(credential === "" ? {} : { authorization: `Bearer ${credential}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

/** A member that is a text; empty where there is none. */
function textOf(json: Readonly<Record<string, unknown>>, name: string): string {
  const value = json[name];
  return typeof value === "string" ? value : "";
}

let made = 0;

/** A new person; answers id and username. */
export async function createPerson(server: Instance): Promise<{ readonly id: string; readonly username: string }> {
  made += 1;
  const username = `person${made}`;
  const { status, json } = await rest(server, "POST", "/v1/users", {
    username,
    email: `${username}@koder.dev`,
    name: "A Person",
    password,
  });
  expect(status, JSON.stringify(json)).toBe(200);
  return { id: String(json["id"]), username };
}

/** A client that a test is. */
export interface RelyingParty {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly redirectUri: string;
}

/** Registers a confidential client, with whatever else the metadata say. */
export async function registerClient(server: Instance, metadata: Record<string, unknown> = {}): Promise<RelyingParty> {
  const redirectUri = "https://app.example.com/cb";
  const { status, json } = await rest(server, "POST", "/v1/clients", {
    client_name: "An Application",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
    ...metadata,
  });
  expect(status, JSON.stringify(json)).toBe(200);
  return { clientId: String(json["client_id"]), clientSecret: textOf(json, "client_secret"), redirectUri };
}

/** A new initial access token, for `max_uses` clients or any number. */
export async function initialAccessToken(server: Instance, asked: Record<string, unknown> = {}): Promise<string> {
  const { status, json } = await rest(server, "POST", "/v1/initial-access-tokens", asked);
  expect(status, JSON.stringify(json)).toBe(200);
  return textOf(json, "token");
}

/** A call of the registration endpoints; answers status, headers and JSON, none for an empty answer. */
export async function registration(
  server: Instance,
  method: string,
  { clientId = "", token = "", body }: { clientId?: string; token?: string; body?: unknown } = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly json: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/oauth/v2/register${clientId === "" ? "" : `/${clientId}`}`, {
    method,
    headers: {
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, json };
}

/** An authorization request of a client, and the verifier that goes with it. */
export function authorizationRequest(
  server: Instance,
  client: RelyingParty,
  parameters: Readonly<Record<string, string>> = {},
): { readonly url: string; readonly codeVerifier: string } {
  const codeVerifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: "openid profile email offline_access",
    state: "a-state-that-is-long-enough",
    nonce: "a-nonce",
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
    ...parameters,
  });
  return { url: `${server.url}/oauth/v2/authorize?${query.toString()}`, codeVerifier };
}

/** Pushes an authorization request of a client (RFC 9126); answers status, JSON and headers. */
export async function pushRequest(
  server: Instance,
  client: RelyingParty,
  parameters: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly json: Record<string, unknown>; readonly headers: Headers }> {
  const { searchParams } = new URL(authorizationRequest(server, client, parameters).url);
  return clientRequest(server, client, "/oauth/v2/par", searchParams);
}

/** The address that a browser is sent to with a request that was pushed. */
export function pushedRequestUrl(server: Instance, client: RelyingParty, requestUri: unknown): string {
  const query = new URLSearchParams({ client_id: client.clientId, request_uri: String(requestUri) });
  return `${server.url}/oauth/v2/authorize?${query.toString()}`;
}

/** Where a redirect leads. */
export function locationOf(response: Response, base: string): URL {
  expect(response.status).toBe(303);
  return new URL(response.headers.get("location") ?? "", base);
}

/** Signs a person in for a client by the page's form, and answers the callback's URL. */
export async function signIn(
  server: Instance,
  client: RelyingParty,
  username: string,
  { browser = httpBrowser(), parameters = {} }: { browser?: HttpBrowser; parameters?: Record<string, string> } = {},
): Promise<{ readonly callback: URL; readonly codeVerifier: string; readonly browser: HttpBrowser }> {
  const { url, codeVerifier } = authorizationRequest(server, client, parameters);
  let location = locationOf(await browser.get(url), server.url);
  if (location.pathname === "/sign-in") {
    const authorization = location.searchParams.get("authorization") ?? "";
    const answer = await browser.post(`${server.url}/sign-in`, { authorization, username, password });
    expect(answer.status, await answer.clone().text()).toBe(303);
    location = locationOf(answer, server.url);
  }
  return { callback: location, codeVerifier, browser };
}

/** What a client's endpoint answers; `json` is empty where it says nothing. */
interface ClientAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly headers: Headers;
}

/** A token request; answers status and JSON. */
export const tokenRequest = (
  server: Instance,
  client: RelyingParty,
  form: Readonly<Record<string, string>>,
): Promise<ClientAnswer> => clientRequest(server, client, "/oauth/v2/token", form);

/** A form that a client posts, with its secret where it has one. */
export async function clientRequest(
  server: Instance,
  client: RelyingParty,
  path: string,
  form: Readonly<Record<string, string>> | [name: string, value: string][] | URLSearchParams,
): Promise<ClientAnswer> {
  const basic = Buffer.from(`${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.clientSecret)}`);
  const body = new URLSearchParams(form);
  if (client.clientSecret === "") body.set("client_id", client.clientId);
  const response = await fetch(`${server.url}${path}`, {
    method: "POST",
    headers: client.clientSecret === "" ? {} : { authorization: `Basic ${basic.toString("base64")}` },
    body,
  });
  const text = await response.text();
  return {
    status: response.status,
    json: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
    headers: response.headers,
  };
}

/** The tokens of a new sign-in. */
export async function tokensFor(
  server: Instance,
  client: RelyingParty,
  username: string,
  options: { browser?: HttpBrowser; parameters?: Record<string, string> } = {},
): Promise<{
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly idToken: string;
  readonly code: string;
  readonly codeVerifier: string;
  readonly browser: HttpBrowser;
}> {
  const { callback, codeVerifier, browser } = await signIn(server, client, username, options);
  const code = callback.searchParams.get("code") ?? "";
  const { status, json } = await tokenRequest(server, client, {
    grant_type: "authorization_code",
    code,
    redirect_uri: client.redirectUri,
    code_verifier: codeVerifier,
  });
  expect(status, JSON.stringify(json)).toBe(200);
  return {
    accessToken: String(json["access_token"]),
    refreshToken: textOf(json, "refresh_token"),
    idToken: textOf(json, "id_token"),
    code,
    codeVerifier,
    browser,
  };
}

/** What userinfo answers to a token. */
export async function userinfoStatus(server: Instance, accessToken: string): Promise<number> {
  const response = await fetch(`${server.url}/oidc/v1/userinfo`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  await response.arrayBuffer();
  return response.status;
}

/** What a refresh answers. */
export const refresh = (server: Instance, client: RelyingParty, refreshToken: string) =>
  tokenRequest(server, client, { grant_type: "refresh_token", refresh_token: refreshToken });
