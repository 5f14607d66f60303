import { expect } from "vitest";
import { httpBrowser, type HttpBrowser } from "../../support/http-browser.ts";
import { passkeyOptionsOn } from "../../support/passkey-page.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password as usualPassword,
  refresh,
  registerClient,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type Instance,
  type RelyingParty,
} from "../../support/relying-party.ts";

/** A browser that stands before the sign-in page. */
export interface SignInPage {
  readonly browser: HttpBrowser;
  /** Sends the page's form with more fields. */
  send(fields: Readonly<Record<string, string>>): Promise<Response>;
  /** What the page asks a passkey by. */
  passkeyOptions(): Promise<string>;
  /** Whether the browser is signed in: then it is led to the client at once. */
  isSignedIn(): Promise<boolean>;
  /** Redeems the code of an answer that leads to the client; answers the status. */
  redeem(answer: Response): Promise<number>;
}

/** Opens the sign-in page for a client in a new browser. */
export async function openSignInPage(server: Instance, client: RelyingParty): Promise<SignInPage> {
  const browser = httpBrowser();
  const { url, codeVerifier } = authorizationRequest(server, client);
  const location = locationOf(await browser.get(url), server.url);
  expect(location.pathname).toBe("/sign-in");
  const authorization = location.searchParams.get("authorization") ?? "";
  return {
    browser,
    send: (fields) => browser.post(`${server.url}/sign-in`, { authorization, ...fields }),
    passkeyOptions: async () => passkeyOptionsOn(await (await browser.get(location.href)).text()),
    isSignedIn: async () => locationOf(await browser.get(url), server.url).origin !== server.url,
    async redeem(answer) {
      const code = locationOf(answer, server.url).searchParams.get("code") ?? "";
      const form = {
        grant_type: "authorization_code",
        code,
        redirect_uri: client.redirectUri,
        code_verifier: codeVerifier,
      };
      return (await tokenRequest(server, client, form)).status;
    },
  };
}

/**
 * Gives the password of somebody who is asked for more, and answers the flow on the page that comes next, with the secret of
 * an authenticator app and what it asks a passkey by, where it has them.
 */
export async function flowAfterPassword(
  page: SignInPage,
  username: string,
): Promise<{ readonly flow: string; readonly secret: string; readonly passkeyOptions: string }> {
  const answer = await page.send({ username, password: usualPassword });
  const html = await answer.text();
  expect(answer.status, html).toBe(200);
  return {
    flow: /name="flow" value="([^"]+)"/.exec(html)?.[1] ?? "no flow",
    secret: /<code>([A-Z2-7 ]+)<\/code>/.exec(html)?.[1]?.replaceAll(" ", "") ?? "",
    passkeyOptions: passkeyOptionsOn(html),
  };
}

/** Whether a password signs a person in, in a new browser. */
export async function signsIn(
  server: Instance,
  client: RelyingParty,
  username: string,
  password: string,
): Promise<boolean> {
  const { status } = await (await openSignInPage(server, client)).send({ username, password });
  expect([303, 401]).toContain(status);
  return status === 303;
}

/** A person, and what an earlier sign-in has given them. */
export interface PersonWithTokens {
  readonly id: string;
  readonly username: string;
  readonly client: RelyingParty;
  /** Whether what they were given is good: their access token, their session and their refresh token alike. */
  readonly areTokensGood: () => Promise<boolean>;
}

/** A new person of a new client, who has signed in. */
export async function personWithTokens(server: Instance): Promise<PersonWithTokens> {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  const { accessToken, refreshToken, browser } = await tokensFor(server, client, person.username);
  return {
    ...person,
    client,
    async areTokensGood() {
      const authorize = await browser.get(authorizationRequest(server, client).url);
      const found = {
        accessToken: await userinfoStatus(server, accessToken),
        isSignedIn: locationOf(authorize, server.url).origin !== server.url,
        refreshToken: (await refresh(server, client, refreshToken)).status,
      };
      const isGood = found.accessToken === 200;
      expect(found).toEqual(
        isGood
          ? { accessToken: 200, isSignedIn: true, refreshToken: 200 }
          : { accessToken: 401, isSignedIn: false, refreshToken: 400 },
      );
      return isGood;
    },
  };
}
