import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startApplication } from "../support/application.ts";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { axeViolations } from "../support/axe.ts";
import { launchBrowser } from "../support/browser.ts";
import { mailedToken, sentCode } from "../support/dev-mail.ts";
import { addOtp, addTotp, recoveryCodes, totpCode } from "../support/factors.ts";
import { createPerson, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

const secret = "another good pass phrase";
let server: RunningServer;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  await changeAuthenticationPolicy(server, {
    sign_up_allowed: true,
    remembered_device_lifetime: "604800s",
  });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const application = () =>
  startApplication(async (callbackUrl) => {
    const { clientId, clientSecret } = await registerClient(server, {
      client_name: "Koder Chat",
      redirect_uris: [callbackUrl],
    });
    return { issuer: server.url, clientId, clientSecret, scope: "openid email profile" };
  });

describe("in Chromium", () => {
  test.each([
    { locale: "en-US", javaScriptEnabled: true, colorScheme: "light", title: "Create an account" },
    { locale: "pt-BR", javaScriptEnabled: false, colorScheme: "dark", title: "Criar uma conta" },
    { locale: "es", javaScriptEnabled: false, colorScheme: "light", title: "Crear una cuenta" },
  ] as const)("$locale: who has no account opens one, and is in the application then", async (options) => {
    const app = await application();
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
    try {
      const page = await context.newPage();
      const email = `${options.locale.toLowerCase()}-person@koder.dev`;
      const found: unknown[] = [];
      const look = async () => {
        expect(await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth)).toBe(0);
        if (options.javaScriptEnabled) found.push(...(await axeViolations(page)));
      };
      await page.goto(`${app.origin}/login`);
      await look();
      await page.click("a[href^='/sign-up']");
      expect(await page.title()).toMatch(new RegExp(`^${options.title}`));
      await look();
      await page.fill("input[name=email]", email);
      await page.click("button[type=submit]");
      await page.waitForLoadState();
      await look();
      const token = await mailedToken(server, email);
      await page.goto(`${server.url}/sign-up?token=${token}`);
      await look();
      await page.fill("input[name=name]", "Bea Bell");
      if (options.javaScriptEnabled) {
        const meter = page.locator("#strength");
        const says = (sentence: string, level: string) =>
          expect
            .poll(async () => [await page.textContent("#strength-said"), await meter.getAttribute("data-level")])
            .toEqual([sentence, level]);
        for (const [typed, sentence, level] of [
          ["twelve chars", "3 more characters are needed.", "0"],
          [
            "passwordpassword",
            "Choose another one: this is one of those that are guessed first, or close to one.",
            "0",
          ],
          [
            `${email} ${email}`,
            "Choose one that is not made of your own name, of this service's, or of a few characters over and over.",
            "0",
          ],
          [secret, "Very good: very hard to guess.", "3"],
        ] as const) {
          await page.fill("input[name=new_password]", typed);
          await says(sentence, level);
        }
        await look();
      }
      await page.fill("input[name=new_password]", "too short");
      await page.click("button[type=submit]");
      await page.waitForSelector("[role=alert]");
      expect(await page.inputValue("input[name=name]")).toBe("Bea Bell");
      await look();
      await page.fill("input[name=new_password]", secret);
      await page.click("button[type=submit]");
      await page.waitForURL((url) => url.origin === app.origin);
      const claims = app.signedIn().tokens.claims();
      expect(claims).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
      const { json } = await rest(server, "GET", `/v1/users/${claims?.sub}`);
      expect(json).toMatchObject({ email, email_verified: true, name: "Bea Bell", locale: options.locale });
      expect(found).toEqual([]);

      // The link is used up; its page leads on to another one.
      await page.goto(`${server.url}/sign-up?token=${token}`);
      expect(await page.locator("input[name=email]").count()).toBe(1);
    } finally {
      await context.close();
      await app.stop();
    }
  });

  test("prompt=create leads there at once, and discovery says so", async () => {
    const discovery = (await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()) as {
      prompt_values_supported: string[];
    };
    expect(discovery.prompt_values_supported).toContain("create");
    const app = await application();
    const page = await browser.newPage();
    try {
      await page.goto(`${app.origin}/login?prompt=create`);
      expect(new URL(page.url()).pathname).toBe("/sign-up");
      await page.fill("input[name=email]", "created@koder.dev");
      await page.click("button[type=submit]");
      await page.goto(`${server.url}/sign-up?token=${await mailedToken(server, "created@koder.dev")}`);
      await page.fill("input[name=new_password]", secret);
      await page.click("button[type=submit]");
      await page.waitForURL((url) => url.origin === app.origin);
      const first = app.signedIn().tokens.claims()?.sub;
      // Who is signed in already is asked to open another account all the same.
      await page.goto(`${app.origin}/login?prompt=create`);
      expect(new URL(page.url()).pathname).toBe("/sign-up");
      await page.goto(`${app.origin}/login`);
      await page.waitForURL((url) => url.origin === app.origin);
      expect(app.signedIn().tokens.claims()?.sub).toBe(first);
    } finally {
      await page.close();
      await app.stop();
    }
  });

  test.each([
    { locale: "en-US", javaScriptEnabled: true, colorScheme: "light" },
    { locale: "pt-BR", javaScriptEnabled: false, colorScheme: "dark" },
    { locale: "es", javaScriptEnabled: true, colorScheme: "dark" },
  ] as const)("$locale: a code by mail, or another one by SMS, is a second factor", async (options) => {
    const app = await application();
    const person = await createPerson(server);
    const [email, phone] = [
      `${person.username}@koder.dev`,
      `+55119999${person.username.replaceAll(/\D/g, "").padStart(5, "7")}`,
    ];
    await rest(server, "PATCH", `/v1/users/${person.id}`, { email_verified: true });
    const { accessToken } = await tokensFor(server, await registerClient(server), person.username);
    await addOtp(server, accessToken, { phone });
    const mailed = await addOtp(server, accessToken, { email });
    const context = await browser.newContext({ viewport: { width: 360, height: 740 }, ...options });
    try {
      const page = await context.newPage();
      const found: unknown[] = [];
      const look = async () => {
        expect(await page.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth)).toBe(0);
        if (options.javaScriptEnabled) found.push(...(await axeViolations(page)));
      };
      await page.goto(`${app.origin}/login`);
      await page.fill("input[name=username]", person.username);
      await page.fill("input[name=password]", password);
      await page.click("button[type=submit]");
      await page.waitForSelector("input[name=code]");
      await look();
      expect(await page.textContent("main")).toMatch(/••••\u00a0\d{4}/);
      await page.click("button[value=email-otp]");
      await page.waitForSelector("input[name=way][value=email-otp]", { state: "attached" });
      await look();
      await page.fill("input[name=code]", await sentCode(server, email, mailed));
      await page.check("input[name=remember]");
      await page.click("button[type=submit]:not([name])");
      await page.waitForURL((url) => url.origin === app.origin);
      expect(app.signedIn().tokens.claims()).toMatchObject({ amr: ["pwd", "otp", "mfa"], acr: "urn:koder:acr:mfa" });
      // The browser is remembered: no code is asked for, and the application is told so.
      await page.goto(`${app.origin}/login?prompt=login`);
      await page.fill("input[name=username]", person.username);
      await page.fill("input[name=password]", password);
      await page.click("button[type=submit]:not([name])");
      await page.waitForURL((url) => url.origin === app.origin);
      expect(app.signedIn().tokens.claims()).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
      expect(found).toEqual([]);
    } finally {
      await context.close();
      await app.stop();
    }
  });
});

describe("in Chromium, as the application sees it in its id token", () => {
  /** A browser before an application, and what a person does there. */
  async function visit() {
    const app = await application();
    const context = await browser.newContext({ reducedMotion: "reduce" });
    context.setDefaultTimeout(10_000);
    onTestFinished(async () => {
      await context.close();
      await app.stop();
    });
    const page = await context.newPage();
    const claims = async () => {
      await page.waitForURL((url) => url.href.startsWith(app.callbackUrl));
      const told = app.signedIn().tokens.claims();
      if (told === undefined) throw new Error("the application was given no id token");
      return told;
    };
    const person = await createPerson(server);
    return {
      ...person,
      app,
      page,
      claims,
      goTo: (query = "") => page.goto(`${app.origin}/login${query}`),
      givePassword: async (given = password) => {
        await page.fill("input[name=username]", person.username);
        await page.fill("input[name=password]", given);
        await page.click("button[type=submit]:not([name])");
      },
      giveCode: async (code: string, remember = false) => {
        await page.fill("input[name=code]", code);
        if (remember) await page.check("input[name=remember]");
        await page.click("button[type=submit]:not([name])");
      },
      addTotp: async () =>
        addTotp(server, (await tokensFor(server, await registerClient(server), person.username)).accessToken),
    };
  }
  const oneFactor = { amr: ["pwd"], acr: "urn:koder:acr:1fa" };
  const twoFactors = { amr: ["pwd", "otp", "mfa"], acr: "urn:koder:acr:mfa" };
  const stepUp = "?acr_values=urn:koder:acr:mfa";

  test("step-up: acr_values ask for a second factor, in a session that has shown one and in a remembered browser", async () => {
    const { goTo, givePassword, giveCode, claims, addTotp: add, id } = await visit();
    await goTo();
    await givePassword();
    expect(await claims()).toMatchObject({ sub: id, ...oneFactor });
    const { secret: key } = await add();
    await goTo();
    expect(await claims(), "the session goes on").toMatchObject(oneFactor);
    await goTo(stepUp);
    await givePassword();
    await giveCode(totpCode(key), true);
    expect(await claims()).toMatchObject({ sub: id, ...twoFactors });
    await goTo(stepUp);
    expect(await claims(), "nothing is asked twice").toMatchObject(twoFactors);
    // The browser is remembered now: no code is asked for, but where the application asks.
    await goTo("?prompt=login");
    await givePassword();
    expect(await claims()).toMatchObject(oneFactor);
    await goTo(stepUp);
    await givePassword();
    await giveCode(totpCode(key, 1));
    expect(await claims()).toMatchObject(twoFactors);
  });

  test("prompt=login and max_age ask for a sign-in, whose time the id token tells", async () => {
    const { page, goTo, givePassword, claims } = await visit();
    const timeOf = async () => Number((await claims()).auth_time);
    await goTo("?max_age=1000");
    await givePassword();
    const first = await timeOf();
    await goTo("?max_age=1000");
    expect(await timeOf(), "a sign-in that is young enough").toBe(first);
    await expect.poll(() => Date.now() / 1_000, { timeout: 5_000 }).toBeGreaterThan(first + 2);
    await goTo("?max_age=1");
    expect(new URL(page.url()).pathname).toBe("/sign-in");
    await givePassword();
    const second = await timeOf();
    expect(second).toBeGreaterThan(first + 1);
    await goTo("?prompt=login&max_age=1000");
    expect(new URL(page.url()).pathname, "however young").toBe("/sign-in");
    await givePassword();
    expect(await timeOf()).toBeGreaterThanOrEqual(second);
  });

  test("a recovery code is as good as the app, once", async () => {
    const { page, goTo, givePassword, giveCode, claims, username, id } = await visit();
    const { accessToken } = await tokensFor(server, await registerClient(server), username);
    await addTotp(server, accessToken);
    const [code = ""] = await recoveryCodes(server, accessToken);
    const byRecoveryCode = async () => {
      await goTo(`${stepUp}&prompt=login`);
      await givePassword();
      await page.click("button[value=recovery-code]");
      await page.waitForSelector("input[name=way][value=recovery-code]", { state: "attached" });
      await giveCode(code);
    };
    await byRecoveryCode();
    expect(await claims()).toMatchObject({ sub: id, ...twoFactors });
    await byRecoveryCode();
    await page.waitForSelector("[role=alert]");
    expect(new URL(page.url()).origin).toBe(server.url);
  });

  test("a password that was reset by mail still needs the second factor, and the one before is none any more", async () => {
    const { page, goTo, givePassword, giveCode, claims, addTotp: add, username, id } = await visit();
    const { secret: key } = await add();
    await goTo();
    await page.click("a[href^='/reset']");
    await page.fill("input[name=username]", username);
    await page.click("button[type=submit]");
    const token = await mailedToken(server, `${username}@koder.dev`);
    await page.goto(`${server.url}/reset?token=${token}`);
    await page.fill("input[name=new_password]", secret);
    await page.click("button[type=submit]");
    await page.waitForFunction(() => document.querySelector("input[name=new_password]") === null);
    await goTo();
    await givePassword();
    await page.waitForSelector("[role=alert]");
    await givePassword(secret);
    await page.waitForSelector("input[name=code]");
    await giveCode(totpCode(key));
    expect(await claims()).toMatchObject({ sub: id, ...twoFactors });
  });
});
