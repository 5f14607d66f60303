import { expect } from "vitest";
import { httpBrowser, type HttpBrowser } from "./http-browser.ts";
import { createPerson, locationOf, password, registerClient, tokenRequest } from "./relying-party.ts";
import type { Instance, RelyingParty } from "./relying-party.ts";

/** The grant type of devices. */
export const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

/** Registers a client that runs on a device: public, without a redirect URI, unless told otherwise. */
export const registerDevice = (server: Instance, metadata: Record<string, unknown> = {}): Promise<RelyingParty> =>
  registerClient(server, {
    client_name: "A Television",
    redirect_uris: [],
    grant_types: [deviceGrant, "refresh_token"],
    token_endpoint_auth_method: "none",
    ...metadata,
  });

/** What the device authorization endpoint answers. */
export interface DeviceAnswer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly deviceCode: string;
  readonly userCode: string;
}

/** A device authorization request. */
export async function authorizeDevice(
  server: Instance,
  client: RelyingParty,
  form: Readonly<Record<string, string>> = { scope: "openid profile offline_access" },
): Promise<DeviceAnswer> {
  const basic = Buffer.from(`${encodeURIComponent(client.clientId)}:${encodeURIComponent(client.clientSecret)}`);
  const response = await fetch(`${server.url}/oauth/v2/device_authorization`, {
    method: "POST",
    headers: client.clientSecret === "" ? {} : { authorization: `Basic ${basic.toString("base64")}` },
    body: new URLSearchParams(client.clientSecret === "" ? { client_id: client.clientId, ...form } : form),
  });
  const json = (await response.json()) as Record<string, unknown>;
  return {
    status: response.status,
    json,
    deviceCode: typeof json["device_code"] === "string" ? json["device_code"] : "",
    userCode: typeof json["user_code"] === "string" ? json["user_code"] : "",
  };
}

/** A device's request for its tokens. */
export const pollDevice = (server: Instance, client: RelyingParty, deviceCode: string) =>
  tokenRequest(server, client, { grant_type: deviceGrant, device_code: deviceCode });

/** Types a code into the page and signs in where the page asks for it; answers the id of what waits for a decision. */
export async function enterUserCode(
  server: Instance,
  username: string,
  userCode: string,
  browser: HttpBrowser = httpBrowser(),
): Promise<string> {
  await (await browser.get(`${server.url}/device`)).text();
  let location = locationOf(await browser.post(`${server.url}/device`, { user_code: userCode }), server.url);
  const authorization = location.searchParams.get("authorization") ?? "";
  if (location.pathname === "/sign-in") {
    const answer = await browser.post(`${server.url}/sign-in`, { authorization, username, password });
    location = locationOf(answer, server.url);
  }
  expect(location.pathname).toBe("/device/confirm");
  return authorization;
}

/** The session whose account the page of what waits shows; empty where there is no such page. */
export async function shownSession(server: Instance, browser: HttpBrowser, authorization: string): Promise<string> {
  const page = await browser.get(`${server.url}/device/confirm?authorization=${authorization}`);
  return /name="session" value="([^"]*)"/.exec(await page.text())?.[1] ?? "";
}

/** Decides about what waits, for the account that the page shows now, or that it showed when `session` was read. */
export async function decideDevice(
  server: Instance,
  browser: HttpBrowser,
  authorization: string,
  decision: string,
  session?: string,
): Promise<Response> {
  const shown = session ?? (await shownSession(server, browser, authorization));
  return browser.post(`${server.url}/device/confirm`, { authorization, session: shown, action: decision });
}

/** A device whose person has decided, and the browser that they did it with. */
export async function decidedDevice(
  server: Instance,
  {
    client,
    decision = "allow",
    parameters,
  }: {
    readonly client?: RelyingParty;
    readonly decision?: string;
    readonly parameters?: Readonly<Record<string, string>>;
  } = {},
) {
  const device = client ?? (await registerDevice(server));
  const { username } = await createPerson(server);
  const { deviceCode, userCode } = await authorizeDevice(server, device, parameters);
  const browser = httpBrowser();
  const authorization = await enterUserCode(server, username, userCode, browser);
  const answer = await decideDevice(server, browser, authorization, decision);
  expect(answer.status, await answer.text()).toBe(200);
  return { client: device, username, deviceCode, userCode, browser, authorization };
}
