import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { subjectOf, walk } from "../support/interaction-pages.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  refresh,
  registerClient,
  rest,
  tokensFor,
  userinfoStatus,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const thirdParty = (metadata: Record<string, unknown> = {}) =>
  registerClient(server, { client_name: "Their Calendar", first_party: false, ...metadata });
const errorOf = (url: URL) => url.searchParams.get("error");

describe("consent", () => {
  test("a third-party client is asked about once; what was agreed to is remembered", async () => {
    const [person, client] = [await createPerson(server), await thirdParty()];
    const way = await walk(server, client);
    await way.signIn(person.username);
    const { path, html } = await way.page();
    expect(path).toBe("/consent");
    for (const words of ["Their Calendar asks for access", "see your e-mail address", `${person.username}@koder.dev`]) {
      expect(html).toContain(words);
    }
    expect(html).toContain("when you are not there");
    expect(html).not.toContain("has not checked this application");
    expect(html).toContain("app.example.com");
    await way.send({ action: "allow" });
    expect(await way.redeem()).toMatchObject({
      scope: "openid profile email offline_access",
      refresh_token: expect.stringMatching(/./),
    });

    const again = await walk(server, client, { prompt: "none" }, way.browser);
    expect(subjectOf(await again.redeem())).toBe(person.id);
    const { json } = await rest(server, "GET", `/v1/users/${person.id}/consents`);
    expect(json["consents"]).toMatchObject([
      {
        client_id: client.clientId,
        client_name: "Their Calendar",
        granted: [{ scopes: ["openid", "profile", "email", "offline_access"] }],
      },
    ]);
  });

  test("more scopes than were agreed to are asked about, fewer are not", async () => {
    const [person, client] = [await createPerson(server), await thirdParty()];
    const first = await walk(server, client, { scope: "openid email" });
    await first.signIn(person.username);
    await first.send({ action: "allow" });
    const silent = (scope: string) => walk(server, client, { scope, prompt: "none" }, first.browser);
    expect(errorOf((await silent("openid email profile")).at())).toBe("consent_required");
    expect((await silent("openid")).at().searchParams.get("code")).toMatch(/./);

    const more = await walk(server, client, { scope: "openid profile" }, first.browser);
    await more.send({ action: "allow" });
    expect((await silent("openid email profile")).at().searchParams.get("code")).toMatch(/./);
  });

  test("who refuses is taken back with access_denied, and nothing is remembered", async () => {
    const [person, client] = [await createPerson(server), await thirdParty()];
    const way = await walk(server, client);
    await way.signIn(person.username);
    await way.send({ action: "deny" });
    expect(Object.fromEntries(way.at().searchParams)).toEqual({
      error: "access_denied",
      error_description: "the person refused",
      state: "a-state-that-is-long-enough",
      iss: server.url,
    });
    expect((await walk(server, client, {}, way.browser)).at().pathname).toBe("/consent");
    expect((await rest(server, "GET", `/v1/users/${person.id}/consents`)).json["consents"] ?? []).toEqual([]);
  });

  test("a client that registered itself is shown as one that nobody has checked", async () => {
    const opened = await rest(server, "PATCH", "/v1/admin/policies/oauth", { registration: { open: true } });
    expect(opened.status).toBe(200);
    const redirectUri = "https://stranger.example.com/cb";
    const response = await fetch(`${server.url}/oauth/v2/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "A Stranger", redirect_uris: [redirectUri] }),
    });
    const json = (await response.json()) as Record<string, unknown>;
    expect(response.status, JSON.stringify(json)).toBe(201);
    const client = { clientId: String(json["client_id"]), clientSecret: String(json["client_secret"]), redirectUri };
    const way = await walk(server, client);
    await way.signIn((await createPerson(server)).username);
    const { path, html } = await way.page();
    expect(path).toBe("/consent");
    expect(html).toContain("has not checked this application");
  });

  test("a first-party client is not asked about, unless it asks for it; then always", async () => {
    const [person, client] = [await createPerson(server), await registerClient(server)];
    const way = await walk(server, client);
    await way.signIn(person.username);
    expect(way.at().searchParams.get("code")).toMatch(/./);
    for (const turn of ["first", "second"]) {
      const asked = await walk(server, client, { prompt: "consent" }, way.browser);
      expect(asked.at().pathname, turn).toBe("/consent");
      expect((await asked.page()).html).not.toContain("has not checked this application");
      await asked.send({ action: "allow" });
      await asked.redeem();
    }
  });

  test("prompt=consent asks also about what was agreed to", async () => {
    const [person, client] = [await createPerson(server), await thirdParty()];
    const way = await walk(server, client);
    await way.signIn(person.username);
    await way.send({ action: "allow" });
    expect((await walk(server, client, { prompt: "consent" }, way.browser)).at().pathname).toBe("/consent");
  });

  test("taking a consent back ends what it gave, and the client asks anew", async () => {
    const [person, client, own] = [await createPerson(server), await thirdParty(), await registerClient(server)];
    const way = await walk(server, client);
    await way.signIn(person.username);
    await way.send({ action: "allow" });
    const given = await way.redeem();
    const { accessToken } = await tokensFor(server, own, person.username, { browser: way.browser });
    const waiting = await walk(server, client, {}, way.browser);

    const path = `/v1/users/me/consents/${client.clientId}`;
    expect((await rest(server, "DELETE", path, undefined, accessToken)).status).toBe(200);
    expect(await userinfoStatus(server, String(given["access_token"]))).toBe(401);
    expect((await refresh(server, client, String(given["refresh_token"]))).json["error"]).toBe("invalid_grant");
    await expect(waiting.redeem()).rejects.toThrow("invalid_grant");
    expect(await userinfoStatus(server, accessToken)).toBe(200);
    expect(errorOf((await walk(server, client, { prompt: "none" }, way.browser)).at())).toBe("consent_required");

    const anew = await walk(server, client, {}, way.browser);
    await anew.send({ action: "allow" });
    expect(await userinfoStatus(server, String((await anew.redeem())["access_token"]))).toBe(200);
  });
});

describe("several accounts in one browser", () => {
  /** Two people who have signed in one after the other; the second is active. */
  async function twoPeople() {
    const client = await registerClient(server);
    const [ana, bob] = [await createPerson(server), await createPerson(server)];
    const first = await walk(server, client);
    await first.signIn(ana.username);
    const second = await walk(server, client, { prompt: "select_account" }, first.browser);
    expect((await second.page()).html).toContain(`${ana.username}@koder.dev`);
    second.follow(/href="(\/sign-in[^"]+)"/.exec((await second.page()).html)?.[1] ?? "");
    await second.signIn(bob.username);
    expect(subjectOf(await second.redeem())).toBe(bob.id);
    const ask = (parameters: Record<string, string> = {}, to = client) => walk(server, to, parameters, first.browser);
    return { client, ana, bob, browser: first.browser, ask };
  }
  const sessionOf = (html: string, { username }: { readonly username: string }) =>
    new RegExp(`name="session" value="([^"]+)">(?:(?!</li>).)*${username}@`, "s").exec(html)?.[1] ?? "";

  test("the person chooses; the account that was chosen is the active one from then on", async () => {
    const { ana, bob, ask } = await twoPeople();
    expect(subjectOf(await (await ask()).redeem())).toBe(bob.id);
    const way = await ask({ prompt: "select_account" });
    const { path, html } = await way.page();
    expect(path).toBe("/accounts");
    await way.send({ session: sessionOf(html, ana) });
    expect(subjectOf(await way.redeem())).toBe(ana.id);
    expect(subjectOf(await (await ask({ prompt: "none" })).redeem())).toBe(ana.id);
  });

  test("login_hint chooses among those who are signed in, and nobody else", async () => {
    const { ana, bob, ask } = await twoPeople();
    for (const [hint, id] of [
      [ana.username, ana.id],
      [`${ana.username.toUpperCase()}@KODER.DEV`, ana.id],
      [(await createPerson(server)).username, bob.id],
      ["nobody", bob.id],
    ] as const) {
      expect(subjectOf(await (await ask({ login_hint: hint, prompt: "none" })).redeem()), hint).toBe(id);
    }
  });

  test("who signs in again is listed once; who was signed out is not listed, and cannot be chosen", async () => {
    const { ana, ask } = await twoPeople();
    const again = await ask({ prompt: "login", login_hint: ana.username });
    await again.signIn(ana.username);
    const way = await ask({ prompt: "select_account" });
    const { html } = await way.page();
    const session = sessionOf(html, ana);
    expect(html.match(new RegExp(`${ana.username}@`, "g"))).toHaveLength(1);
    expect((await rest(server, "DELETE", `/v1/sessions/${session}`)).status).toBe(200);
    expect((await way.page()).html).not.toContain(`${ana.username}@`);
    await way.send({ session });
    expect(way.at().pathname).toBe("/accounts");
  });

  test("another account than the active one consents, by way of “not you?”", async () => {
    const { ana, bob, ask } = await twoPeople();
    const client = await thirdParty();
    const way = await ask({}, client);
    const { html } = await way.page();
    expect(html).toContain(`${bob.username}@koder.dev`);
    way.follow(/href="(\/accounts[^"]+)"/.exec(html)?.[1] ?? "");
    await way.send({ session: sessionOf((await way.page()).html, ana) });
    expect((await way.page()).html).toContain(`${ana.username}@koder.dev`);
    await way.send({ action: "allow" });
    expect(subjectOf(await way.redeem())).toBe(ana.id);
  });

  test("an application does not change its person because another one signed in elsewhere", async () => {
    const [client, elsewhere] = [await registerClient(server), await registerClient(server)];
    const [ana, bob] = [await createPerson(server), await createPerson(server)];
    const first = await walk(server, client);
    await first.signIn(ana.username);
    await first.redeem();
    const second = await walk(server, elsewhere, { prompt: "login" }, first.browser);
    await second.signIn(bob.username);
    await second.redeem();
    const ask = (parameters: Record<string, string> = {}) => walk(server, client, parameters, first.browser);

    const silent = await ask({ prompt: "none" });
    expect(Object.fromEntries(silent.at().searchParams)).toMatchObject({ error: "account_selection_required" });
    expect(subjectOf(await (await ask({ prompt: "none", login_hint: bob.username })).redeem())).toBe(bob.id);
    // He has come to the application by now, so that it knows both.
    expect(subjectOf(await (await ask({ prompt: "none" })).redeem())).toBe(bob.id);
  });

  test("with a person in view it asks which account, and goes on with the one that is chosen", async () => {
    const [client, elsewhere] = [await registerClient(server), await registerClient(server)];
    const [ana, bob] = [await createPerson(server), await createPerson(server)];
    const first = await walk(server, client);
    await first.signIn(ana.username);
    await first.redeem();
    const second = await walk(server, elsewhere, { prompt: "login" }, first.browser);
    await second.signIn(bob.username);
    const way = await walk(server, client, {}, first.browser);
    const { path, html } = await way.page();
    expect(path).toBe("/accounts");
    await way.send({ session: sessionOf(html, ana) });
    expect(subjectOf(await way.redeem())).toBe(ana.id);
  });

  test("where nobody is signed in, there is nobody to choose", async () => {
    const client = await registerClient(server);
    expect((await walk(server, client, { prompt: "select_account" })).at().pathname).toBe("/sign-in");
  });
});

describe("in Chromium, without JavaScript, on a phone", () => {
  test("sign in, choose, agree: nothing overflows, and both answers are of one size", async () => {
    const [person, client] = [await createPerson(server), await thirdParty({ client_name: "W".repeat(60) })];
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 360, height: 740 },
      locale: "pt-BR",
    });
    try {
      const page = await context.newPage();
      const overflow = () => page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
      await page.goto(authorizationRequest(server, client).url);
      await page.fill("input[name=username]", person.username);
      await page.fill("input[name=password]", password);
      await page.click("button[type=submit]");
      await page.waitForURL(/\/consent/);
      expect(await page.title()).toMatch(/^Permitir acesso/);
      expect(await overflow()).toBe(0);
      const boxes = await Promise.all(
        ["deny", "allow"].map((value) => page.locator(`button[value=${value}]`).boundingBox()),
      );
      expect(boxes[0]?.height).toBe(boxes[1]?.height);
      expect(boxes[0]?.width).toBeCloseTo(boxes[1]?.width ?? 0, 0);
      expect(boxes[0]?.height).toBeGreaterThanOrEqual(44);

      await page.click("a[href^='/accounts']");
      expect(await page.locator("button[name=session]").count()).toBe(1);
      expect(await overflow()).toBe(0);
      await page.click("button[name=session]");
      await page.waitForURL(/\/consent/);
      // Nobody answers at the application's address: that the browser goes there is what counts.
      const [sent] = await Promise.all([
        page.waitForRequest((request) => request.url().startsWith(client.redirectUri)),
        page.click("button[value=allow]"),
      ]);
      expect(new URL(sent.url()).searchParams.get("code")).toMatch(/./);
    } finally {
      await context.close();
    }
  });
});

test("a page of an interaction that is over or was never begun says so", async () => {
  for (const path of ["/consent", "/accounts"]) {
    expect((await fetch(`${server.url}${path}?authorization=gone`)).status).toBe(404);
    expect((await fetch(`${server.url}${path}`)).status).toBe(400);
  }
  const client = await registerClient(server);
  const way = await walk(server, client);
  // Not signed in: the consent page has nobody to ask.
  const asked = await way.browser.get(
    `${server.url}/consent?authorization=${way.at().searchParams.get("authorization")}`,
  );
  expect(locationOf(asked, server.url).pathname).toBe("/sign-in");
});
