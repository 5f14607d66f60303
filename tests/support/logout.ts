import { expect } from "vitest";
import type { HttpBrowser } from "./http-browser.ts";
import { authorizationRequest, locationOf, type Instance, type RelyingParty } from "./relying-party.ts";

/** Where the clients of these tests lead people who are signed out. */
export const afterLogout = "https://app.example.com/signed-out";

/** Sends a browser to the end session endpoint. */
export const requestLogout = (
  server: Instance,
  browser: HttpBrowser,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Response> => browser.get(`${server.url}/oidc/v1/end_session?${new URLSearchParams(parameters).toString()}`);

/** The id of the question on a page that asks whether to sign out. */
export async function questionOn(page: Response): Promise<string> {
  const html = await page.text();
  expect([page.status, page.headers.get("location")], html).toEqual([200, null]);
  const id = /name="logout" value="([^"]+)"/.exec(html)?.[1];
  if (id === undefined) throw new Error(`the page asks nothing: ${html}`);
  return id;
}

/** Says yes to a question. */
export const confirmLogout = (
  server: Instance,
  browser: HttpBrowser,
  logout: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> => browser.post(`${server.url}/logout`, { logout }, headers);

/** Whether a browser is signed in: then it is led to the client without a page. */
export async function isSignedIn(server: Instance, client: RelyingParty, browser: HttpBrowser): Promise<boolean> {
  const { url } = authorizationRequest(server, client, { prompt: "none" });
  const answer = locationOf(await browser.get(url), server.url);
  expect(answer.origin).toBe("https://app.example.com");
  return answer.searchParams.get("error") !== "login_required";
}
