import type { IDToken } from "openid-client";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startApplication, type Application } from "../support/application.ts";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { axeViolations } from "../support/axe.ts";
import { launchBrowser } from "../support/browser.ts";
import { addPasskey, beginPasskey, finishPasskey } from "../support/factors.ts";
import {
  authorizationRequest,
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import {
  createCredential,
  virtualAuthenticator,
  type VirtualAuthenticatorKind,
} from "../support/virtual-authenticator.ts";

let server: RunningServer;
let browser: Browser;
let client: RelyingParty;
let chat: Application;
/** An application that needs two factors. */
let vault: Application;
let context: BrowserContext;
let page: Page;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  client = await registerClient(server);
  [chat, vault] = await Promise.all([application(), application()]);
  const client_overrides = [{ client_id: vault.config.clientMetadata().client_id, mfa: "MFA_REQUIREMENT_REQUIRED" }];
  await changeAuthenticationPolicy(server, { client_overrides });
});
afterAll(async () => {
  await Promise.all([chat?.stop(), vault?.stop(), browser?.close()]);
  await server?.stop();
});
beforeEach(async () => {
  context = await browser.newContext({ reducedMotion: "reduce" });
  context.setDefaultTimeout(10_000);
  page = await context.newPage();
});
afterEach(() => context.close());

const application = () =>
  startApplication(async (callbackUrl) => {
    const { clientId, clientSecret } = await registerClient(server, { redirect_uris: [callbackUrl] });
    return { issuer: server.url, clientId, clientSecret, scope: "openid" };
  });

/** A person who has added a passkey in this page's authenticator. */
async function person(kind: VirtualAuthenticatorKind = {}) {
  const somebody = await createPerson(server);
  const { accessToken } = await tokensFor(server, client, somebody.username);
  const authenticator = await virtualAuthenticator(page, kind);
  await page.goto(server.url);
  const { factorId, optionsJson } = await beginPasskey(server, accessToken);
  const made = await createCredential(page, optionsJson);
  const finished = await finishPasskey(server, accessToken, factorId, made);
  expect(finished.status, JSON.stringify(finished.json)).toBe(200);
  return { ...somebody, accessToken, authenticator, factor: finished.json };
}

/** Opens an application that signs people in; answers what its id token says once the person has come back to it. */
async function goTo(app: Application): Promise<() => Promise<IDToken | undefined>> {
  await page.goto(`${app.origin}/login`);
  return async () => {
    await page.waitForURL((url) => url.href.startsWith(app.callbackUrl));
    return app.signedIn().tokens.claims();
  };
}

async function givePassword(username: string): Promise<void> {
  await page.fill("input[name=username]", username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
}

const passkeyButton = "form[data-passkey] button";

describe("a passkey in Chromium", () => {
  test("is added, and signs in by the button: no name, no password, two factors", async () => {
    const { id, factor } = await person();
    expect(factor).toMatchObject({
      type: "FACTOR_TYPE_PASSKEY",
      passkey: { discoverable: true, user_verified: true, transports: ["internal"], relying_party: "localhost" },
    });
    // A browser that knows no autofill: the virtual authenticator would take it up before the button is pressed.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
    });
    const arrived = await goTo(chat);
    await page.waitForSelector(passkeyButton);
    expect(await axeViolations(page)).toEqual([]);
    await page.click(passkeyButton);
    expect(await arrived()).toMatchObject({ sub: id, amr: ["hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("signs in by autofill", async () => {
    const { id } = await person();
    // The browser offers it in the field of the name, and its user takes it: the virtual one does so at once.
    expect(await (await goTo(chat))()).toMatchObject({ sub: id, amr: ["hwk", "user", "mfa"] });
  });

  test("is asked for after the password, and enough for a client that needs two factors", async () => {
    const { id, username } = await person({ isSecurityKey: true });
    const arrived = await goTo(vault);
    await givePassword(username);
    await page.waitForSelector(passkeyButton);
    expect(await page.textContent("h1")).toBe("Use your passkey");
    expect(await axeViolations(page)).toEqual([]);
    await page.click(passkeyButton);
    expect(await arrived()).toMatchObject({ sub: id, amr: ["pwd", "hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("is added on the way to a client that needs a second factor, with recovery codes", async () => {
    const { username, id } = await createPerson(server);
    const authenticator = await virtualAuthenticator(page);
    const arrived = await goTo(vault);
    await givePassword(username);
    await page.waitForSelector(passkeyButton);
    expect(await axeViolations(page)).toEqual([]);
    await page.click(passkeyButton);
    await page.waitForSelector("ul.codes");
    expect(await page.locator("ul.codes li").count()).toBe(10);
    expect(await authenticator.count()).toBe(1);
    await page.click("button[name=done]");
    expect(await arrived()).toMatchObject({ sub: id, amr: ["pwd", "hwk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("that its person does not give is asked for again by the same button, which keeps the focus", async () => {
    const { username } = await person({ isSecurityKey: true });
    await page.addInitScript(() => {
      const shown = () => new Promise((resolve) => requestAnimationFrame(resolve));
      // Not before the page was shown with the button as it is while it waits.
      const refused = async () => {
        for (let frame = 0; frame < 3; frame++) await shown();
        throw new DOMException("", "NotAllowedError");
      };
      Object.assign(CredentialsContainer.prototype, { get: refused, create: refused });
    });
    const refuse = async () => {
      await page.focus(passkeyButton);
      await page.keyboard.press("Enter");
      await page.waitForSelector("form[data-passkey] [role=status]:not(:empty)");
      expect(await page.evaluate(() => document.activeElement?.matches("form[data-passkey] button:enabled"))).toBe(
        true,
      );
      return page.textContent("form[data-passkey] [role=status]");
    };
    await goTo(vault);
    await givePassword(username);
    await page.waitForSelector("text=Use your passkey");
    expect(await refuse()).toBe("No passkey was used. Try again, or choose another way.");
    await goTo(vault);
    await givePassword((await createPerson(server)).username);
    await page.waitForSelector("ul.codes, details.secret");
    expect(await refuse()).toBe("No passkey was added. Try again, or choose another way.");
  });

  test("that says a counter of before is refused, and its person is told", async () => {
    const { authenticator, accessToken } = await person();
    await authenticator.setSignCount(0);
    await goTo(chat);
    await page.waitForSelector("[role=alert]");
    expect(await page.textContent("[role=alert] p")).toContain("didn't work here");
    const { json } = await rest(server, "GET", "/v1/me/mfa", undefined, accessToken);
    expect(json["factors"]).toMatchObject([{ passkey: { counter_fell_time: expect.stringMatching(/^20/) } }]);
  });

  test("that was removed is refused, and the password is still there", async () => {
    const { id, username, accessToken } = await person();
    expect((await rest(server, "DELETE", `/v1/users/${id}/mfa`)).status).toBe(200);
    expect((await rest(server, "GET", "/v1/me/mfa", undefined, accessToken)).json["factors"]).toEqual([]);
    const arrived = await goTo(chat);
    await page.waitForSelector("[role=alert]");
    await givePassword(username);
    expect(await arrived()).toMatchObject({ sub: id, amr: ["pwd"] });
  });
});

test("without JavaScript the pages show no passkey but say so where one is asked for", async () => {
  const { username } = await person();
  const plain = await browser.newContext({ javaScriptEnabled: false, reducedMotion: "reduce" });
  page = await plain.newPage();
  await goTo(chat);
  expect(await page.isVisible(passkeyButton)).toBe(false);
  await givePassword(username);
  expect(await page.isVisible("[data-without-passkeys]")).toBe(true);
  expect(await page.isVisible(passkeyButton)).toBe(false);
  await plain.close();
});

describe("whoever keeps passkeys is told which are gone (Signal API)", () => {
  const remove = async (accessToken: string, factor: Record<string, unknown>) => {
    const path = `/v1/users/me/mfa/${String(factor["id"])}`;
    expect((await rest(server, "DELETE", path, undefined, accessToken)).status).toBe(200);
  };

  test("by the page that refused one, and of that one", async () => {
    const { accessToken, authenticator, factor } = await person();
    await remove(accessToken, factor);
    await goTo(chat);
    await page.click(passkeyButton);
    await page.waitForSelector("[role=alert]");
    await expect.poll(() => authenticator.count(), { timeout: 10_000 }).toBe(0);
  });

  test("by the page that asks for one after the password, and of every other", async () => {
    const { username, accessToken, authenticator, factor } = await person();
    await addPasskey(server, accessToken);
    await remove(accessToken, factor);
    await goTo(chat);
    await givePassword(username);
    await page.waitForSelector(passkeyButton);
    await expect.poll(() => authenticator.count(), { timeout: 10_000 }).toBe(0);
  });
});

test("whoever keeps passkeys is told by the page that asks for one what their person is called by now (Signal API)", async () => {
  const { id, username, authenticator } = await person();
  expect(await authenticator.names()).toEqual([username]);
  const renamed = `${username}-renamed`;
  expect((await rest(server, "PATCH", `/v1/users/${id}`, { username: renamed })).status).toBe(200);
  // A browser that knows no autofill: the virtual authenticator would sign in before a name is typed.
  await page.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false);
  });
  await goTo(chat);
  await givePassword(renamed);
  await page.waitForSelector(passkeyButton);
  await expect.poll(() => authenticator.names(), { timeout: 10_000 }).toEqual([renamed]);
});

test("the sign-in page is at most 30 KB, all told", async () => {
  const { url } = authorizationRequest(server, client);
  const bodies: Promise<Buffer>[] = [];
  page.on("response", (response) => {
    if (response.status() === 200) bodies.push(response.body());
  });
  await page.goto(url, { waitUntil: "networkidle" });
  const bytes = (await Promise.all(bodies)).map(({ length }) => length);
  expect(bytes.length).toBeGreaterThanOrEqual(4);
  expect(bytes.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(30_000);
});
