import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { afterLogout, confirmLogout, isSignedIn, questionOn, requestLogout } from "../support/logout.ts";
import {
  createPerson,
  locationOf,
  refresh,
  registerClient,
  rest,
  tokensFor,
  type Instance,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

// OpenID Connect RP-Initiated Logout 1.0, through the public doors.

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server, {
    client_name: "Koder Chat",
    post_logout_redirect_uris: [afterLogout, `${afterLogout}?from=koder`],
  });
});
afterAll(() => server?.stop());

async function signedIn() {
  const person = await createPerson(server);
  const { browser, idToken } = await tokensFor(server, client, person.username);
  return { browser, idToken, username: person.username };
}

describe("with a good id_token_hint", () => {
  test.each([
    ["~state-_.with every printable !#$%&'()*+,/:;<=>?@[]^`{|}\"\\", "?"],
    ["", ""],
  ])("the browser is led back with its state %j, alone, and signed out", async (state, separator) => {
    const { browser, idToken } = await signedIn();
    const answer = await requestLogout(server, browser, {
      id_token_hint: idToken,
      post_logout_redirect_uri: afterLogout,
      ...(state === "" ? {} : { state }),
    });
    expect(answer.status).toBe(303);
    const location = answer.headers.get("location") ?? "";
    expect(location.startsWith(`${afterLogout}${separator}`)).toBe(true);
    expect([...new URL(location).searchParams]).toEqual(state === "" ? [] : [["state", state]]);
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^koder_session=; .*Max-Age=0/)]);
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("a URI keeps its own query, and client_id, logout_hint and ui_locales may come along", async () => {
    const { browser, idToken, username } = await signedIn();
    const answer = await requestLogout(server, browser, {
      id_token_hint: idToken,
      client_id: client.clientId,
      logout_hint: username,
      ui_locales: "pt-BR",
      post_logout_redirect_uri: `${afterLogout}?from=koder`,
      state: "s",
    });
    expect(answer.headers.get("location")).toBe(`${afterLogout}?from=koder&state=s`);
  });

  test("a POST does the same", async () => {
    const { browser, idToken } = await signedIn();
    const form = { id_token_hint: idToken, post_logout_redirect_uri: afterLogout, state: "s" };
    const sentOn = await browser.post(`${server.url}/oidc/v1/end_session`, form);
    const answer = await browser.get(locationOf(sentOn, server.url).href);
    expect(answer.headers.get("location")).toBe(`${afterLogout}?state=s`);
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("without a URI, a page says that the person is signed out, in the language asked for", async () => {
    const { browser, idToken } = await signedIn();
    const page = await requestLogout(server, browser, { id_token_hint: idToken, ui_locales: "es" });
    expect([page.status, page.headers.get("content-language")]).toEqual([200, "es"]);
    expect(await page.text()).toContain("Has cerrado sesión");
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("after the person signed in anew in the same browser, their old one still signs them out", async () => {
    const { browser, idToken, username } = await signedIn();
    await tokensFor(server, client, username, { browser, parameters: { prompt: "login" } });
    const answer = await requestLogout(server, browser, {
      id_token_hint: idToken,
      post_logout_redirect_uri: afterLogout,
    });
    expect(answer.headers.get("location")).toBe(afterLogout);
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("a second time, when nobody is signed in any more, it leads back all the same", async () => {
    const { browser, idToken } = await signedIn();
    const parameters = { id_token_hint: idToken, post_logout_redirect_uri: afterLogout, state: "s" };
    await requestLogout(server, browser, parameters);
    const again = await requestLogout(server, browser, parameters);
    expect(again.headers.get("location")).toBe(`${afterLogout}?state=s`);
  });
});

describe("without a hint", () => {
  test("the person is asked, sees who asks and as whom they are signed in, and is led back", async () => {
    const { browser, username } = await signedIn();
    const page = await requestLogout(server, browser, {
      client_id: client.clientId,
      post_logout_redirect_uri: afterLogout,
      state: "s",
    });
    const html = await page.clone().text();
    for (const shown of ["Sign out?", "Koder Chat", "A Person", username]) expect(html).toContain(shown);
    const question = await questionOn(page);
    expect(await isSignedIn(server, client, browser)).toBe(true);
    const answer = await confirmLogout(server, browser, question, { origin: server.url });
    expect(answer.headers.get("location")).toBe(`${afterLogout}?state=s`);
    expect(await isSignedIn(server, client, browser)).toBe(false);
    // Sent twice, as by a double click.
    expect((await confirmLogout(server, browser, question)).headers.get("location")).toBe(`${afterLogout}?state=s`);
  });

  test.each([{}, { state: "s" }])("%j: the person is asked, and told", async (parameters) => {
    const { browser } = await signedIn();
    const answer = await confirmLogout(
      server,
      browser,
      await questionOn(await requestLogout(server, browser, parameters)),
    );
    expect([answer.status, answer.headers.get("location")]).toEqual([200, null]);
    expect(await answer.text()).toContain("signed out");
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("a client that nobody is: the person is told that it made a mistake, and of no address where it named none", async () => {
    const { browser } = await signedIn();
    const html = await (await requestLogout(server, browser, { client_id: "nobody" })).text();
    for (const shown of ["Sign out?", "made a mistake", "no client has this client_id"]) expect(html).toContain(shown);
    expect(html).not.toContain("address");
  });

  test("what is longer than anything of ours keeps nobody from signing out, and leads nowhere", async () => {
    const { browser } = await signedIn();
    for (const [name, length] of [
      ["id_token_hint", 17_000],
      ["client_id", 300],
      ["post_logout_redirect_uri", 5_000],
    ] as const) {
      const sent = { client_id: client.clientId, post_logout_redirect_uri: afterLogout, [name]: "x".repeat(length) };
      const page = await requestLogout(server, browser, sent);
      expect(await page.clone().text(), name).toContain("The application made a mistake");
      await questionOn(page);
    }
  });

  test("nobody signed in: nothing is asked, and the way back is a link", async () => {
    const page = await requestLogout(server, httpBrowser(), {
      client_id: client.clientId,
      post_logout_redirect_uri: afterLogout,
      state: "a&b",
    });
    expect([page.status, page.headers.get("location")]).toEqual([200, null]);
    expect(await page.text()).toContain(`href="${afterLogout}?state=a%26b"`);
  });

  test.each([
    ["en", "You can go back to it yourself."],
    ["pt-BR", "Você mesmo pode voltar a ele."],
    ["es", "Puedes volver a ella por tu cuenta."],
  ])("whoever is signed out is told of a mistake of the application, and not to sign out: %s", async (locale, said) => {
    const mistaken = { id_token_hint: "no id token", ui_locales: locale };
    const { browser } = await signedIn();
    const question = await requestLogout(server, browser, mistaken);
    const before = await question.clone().text();
    const confirmed = await confirmLogout(server, browser, await questionOn(question));
    const nobody = await requestLogout(server, httpBrowser(), mistaken);
    expect(before).not.toContain(said);
    expect(await nobody.text()).toContain(said);
    expect(await confirmed.text()).toContain("You can go back to it yourself.");
  });

  test("an answer that comes too late, or from another browser, is asked for again", async () => {
    const { browser } = await signedIn();
    const answer = await confirmLogout(server, browser, "gone");
    expect(locationOf(answer, server.url).pathname).toBe("/oidc/v1/end_session");
    expect(await isSignedIn(server, client, browser)).toBe(true);
  });
});

describe("a tenant whose logout ends what was given for offline use", () => {
  test("ends it for each of its clients; elsewhere a client alone may say so", async () => {
    resolveLocalNames();
    const { host } = await createTenant(server);
    const tenant = { url: `http://${host}`, adminApiKey: server.adminApiKey };
    const policy = { logout_ends_offline_grants: true };
    expect((await rest(tenant, "PATCH", "/v1/admin/policies/oauth", policy)).status).toBe(200);
    /** Whether a refresh token with offline access outlives the logout of its person. */
    const outlives = async (at: Instance, metadata: Record<string, unknown>) => {
      const of = await registerClient(at, metadata);
      const { username } = await createPerson(at);
      const tokens = await tokensFor(at, of, username);
      await requestLogout(at, tokens.browser, { id_token_hint: tokens.idToken });
      return (await refresh(at, of, tokens.refreshToken)).status === 200;
    };
    expect(await outlives(tenant, {})).toBe(false);
    expect(await outlives(server, {})).toBe(true);
    expect(await outlives(server, { logout_ends_offline_grants: true })).toBe(false);
  });
});

test("the address of the form, opened by itself, leads to where people are asked, and signs nobody out", async () => {
  const { browser } = await signedIn();
  const answer = await browser.get(`${server.url}/logout`);
  expect(locationOf(answer, server.url).href).toBe(`${server.url}/oidc/v1/end_session`);
  expect(await (await browser.get(`${server.url}/oidc/v1/end_session`)).text()).toContain("Sign out?");
  expect(await isSignedIn(server, client, browser)).toBe(true);
});
