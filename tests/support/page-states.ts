import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { brandedStates } from "./branded-states.ts";
import { afterLogout } from "./logout.ts";
import { authorizeDevice, registerDevice } from "./device.ts";
import { addOtp, addPasskey, addTotp, recoveryCodes, totpCode } from "./factors.ts";
import { mailedToken } from "./dev-mail.ts";
import { authorizationRequest, createPerson, password, registerClient, rest, tokensFor } from "./relying-party.ts";
import type { RunningServer } from "./server.ts";

/** A page, or a state of one, that people see. */
export interface PageState {
  readonly name: string;
  /** Leads a page of a new browser there. */
  readonly open: (page: Page) => Promise<unknown>;
}

/** Presses what leads to another page, and waits until that is there: what comes next must not cut it off. */
async function press(page: Page, selector: string): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.click(selector)]);
}

/** Everything that people see of a server, which gets people, clients and policies for it. */
export async function pageStates(server: RunningServer): Promise<readonly PageState[]> {
  const client = await registerClient(server, {
    client_name: "Koder Chat",
    policy_uri: "https://koder.dev/privacy",
    tos_uri: "https://koder.dev/terms",
    post_logout_redirect_uris: [afterLogout],
  });
  const longNamed = await registerClient(server, {
    client_name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne",
  });
  const theirs = {
    first_party: false,
    policy_uri: "https://calendar.example/privacy",
    tos_uri: "https://calendar.example/terms",
  };
  const [thirdParty, longThirdParty] = [
    await registerClient(server, { client_name: "Their Calendar", ...theirs }),
    await registerClient(server, {
      client_name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne",
      scope: "openid profile email phone address offline_access calendar.read calendar.write",
      ...theirs,
    }),
  ];
  const person = await createPerson(server);
  const others = [await createPerson(server), await createPerson(server)];
  const strict = await registerClient(server, { client_name: "Koder Vault" });
  const mailing = await registerClient(server, { client_name: "Koder Letters" });
  await changeAuthenticationPolicy(server, {
    sign_up_allowed: true,
    remembered_device_lifetime: "2592000s",
    client_overrides: [
      { client_id: strict.clientId, mfa: "MFA_REQUIREMENT_REQUIRED" },
      { client_id: mailing.clientId, verified_email_required: true },
    ],
  });
  const careful = await createPerson(server);
  const { accessToken } = await tokensFor(server, client, careful.username);
  await addTotp(server, accessToken);
  await recoveryCodes(server, accessToken);
  /** Somebody who is sent codes by SMS: a new one each time, because one is sent a few only. */
  async function reachable(): Promise<string> {
    const { username } = await createPerson(server);
    const tokens = await tokensFor(server, client, username);
    await addOtp(server, tokens.accessToken, { phone: `+5511${String(Date.now()).slice(-9)}` });
    return username;
  }
  const keyed = await createPerson(server);
  const ofKeyed = (await tokensFor(server, client, keyed.username)).accessToken;
  await addPasskey(server, ofKeyed);
  await addTotp(server, ofKeyed);
  await recoveryCodes(server, ofKeyed);
  /** Somebody who has no address of mail. */
  async function unreachable(): Promise<string> {
    const { id, username } = await createPerson(server);
    await rest(server, "PATCH", `/v1/users/${id}`, { email: "" });
    return username;
  }
  const longName = "Maximiliana-Theodora von Hohenlohe-Waldenburg-Schillingsfürst";
  await rest(server, "PATCH", `/v1/users/${others[0]?.id ?? ""}`, { name: longName });
  const signIn = (page: Page, to = client) => page.goto(authorizationRequest(server, to).url);
  async function signInAs(page: Page, username: string, to = client, parameters: Record<string, string> = {}) {
    // The client's address leads nowhere else.
    await page.route(`${to.redirectUri}*`, (route) => route.fulfill({ body: "the application" }));
    await page.goto(authorizationRequest(server, to, parameters).url);
    await page.fill("input[name=username]", username);
    await page.fill("input[name=password]", password);
    await press(page, "button[type=submit]");
  }
  /** Several people, one after the other, in one browser. */
  async function signInAll(page: Page): Promise<void> {
    for (const { username } of [person, ...others]) await signInAs(page, username, client, { prompt: "login" });
  }
  async function submit(page: Page, username: string, secret: string): Promise<void> {
    await signIn(page);
    await page.fill("input[name=username]", username);
    await page.fill("input[name=password]", secret);
    await press(page, "button[type=submit]");
  }
  const device = await registerDevice(server, {
    client_name: "Koder Living Room",
    policy_uri: "https://koder.dev/privacy",
    tos_uri: "https://koder.dev/terms",
  });
  const longDevice = await registerDevice(server, {
    client_name: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft & Söhne",
    scope: "openid profile email phone address offline_access https://api.koder.dev/reports.read",
  });
  const everything = "openid profile email phone address offline_access https://api.koder.dev/reports.read";
  async function toConfirmation(page: Page, of = device, scope = "openid profile offline_access"): Promise<void> {
    const { json } = await authorizeDevice(server, of, { scope });
    await page.goto(String(json["verification_uri_complete"]));
    await press(page, "button[type=submit]");
    await page.fill("input[name=username]", person.username);
    await page.fill("input[name=password]", password);
    await press(page, "button[type=submit]");
  }
  return [
    { name: "device", open: (page) => page.goto(`${server.url}/device`) },
    { name: "device-filled", open: (page) => page.goto(`${server.url}/device?user_code=WDJB-MJHT`) },
    {
      name: "device-wrong",
      async open(page) {
        await page.goto(`${server.url}/device?user_code=wdjb%20mjht`);
        await press(page, "button[type=submit]");
      },
    },
    { name: "device-confirm", open: (page) => toConfirmation(page) },
    { name: "device-confirm-long", open: (page) => toConfirmation(page, longDevice, everything) },
    {
      name: "device-allowed",
      async open(page) {
        await toConfirmation(page);
        await press(page, "button[value=allow]");
      },
    },
    {
      name: "device-denied",
      async open(page) {
        await toConfirmation(page);
        await press(page, "button[value=deny]");
      },
    },
    { name: "landing", open: (page) => page.goto(server.url) },
    { name: "sign-in", open: (page) => signIn(page) },
    { name: "sign-in-long-name", open: (page) => signIn(page, longNamed) },
    { name: "sign-in-wrong", open: (page) => submit(page, person.username, "not the password") },
    { name: "new-password", open: (page) => submit(page, "admin", server.adminPassword) },
    {
      name: "new-password-short",
      async open(page) {
        await submit(page, "admin", server.adminPassword);
        await page.fill("input[name=new_password]", "short");
        await press(page, "button[type=submit]");
      },
    },
    { name: "second-factor-passkey", open: (page) => signInAs(page, keyed.username) },
    {
      name: "second-factor-passkey-refused",
      async open(page) {
        await signInAs(page, keyed.username);
        // As the page's script does, with nothing signed.
        const sent = page.waitForEvent("load");
        await page.$eval("form[data-passkey]", (form) => (form as HTMLFormElement).submit());
        await sent;
      },
    },
    {
      name: "sign-in-passkey-refused",
      async open(page) {
        await signIn(page);
        const sent = page.waitForEvent("load");
        await page.$eval("form[data-passkey]", (form) => (form as HTMLFormElement).submit());
        await sent;
      },
    },
    { name: "second-factor", open: (page) => signInAs(page, careful.username) },
    {
      name: "second-factor-wrong",
      async open(page) {
        await signInAs(page, careful.username);
        await page.fill("input[name=code]", "123456");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "second-factor-recovery",
      async open(page) {
        await signInAs(page, careful.username);
        await press(page, "button[value=recovery-code]");
      },
    },
    { name: "second-factor-code-sent", open: async (page) => signInAs(page, await reachable()) },
    {
      name: "second-factor-code-wrong",
      async open(page) {
        await signInAs(page, await reachable());
        await page.fill("input[name=code]", "123456");
        await page.check("input[name=remember]");
        await press(page, "button[type=submit]");
      },
    },
    { name: "reset", open: (page) => page.goto(`${server.url}/reset`) },
    {
      name: "reset-sent",
      async open(page) {
        await signIn(page);
        await page.click("a[href^='/reset']");
        await page.fill("input[name=username]", "maximiliana.hohenlohe@example.com");
        await page.click("button[type=submit]");
      },
    },
    {
      name: "reset-choose",
      async open(page) {
        const { username } = await createPerson(server);
        await rest(server, "POST", "/v1/auth/recovery", { username }, "");
        await page.goto(`${server.url}/reset?token=${await mailedToken(server, `${username}@koder.dev`)}`);
      },
    },
    { name: "reset-wrong-link", open: (page) => page.goto(`${server.url}/reset?token=a-link`) },
    {
      name: "sign-up",
      async open(page) {
        await signIn(page);
        await page.click("a[href^='/sign-up']");
      },
    },
    {
      name: "sign-up-sent",
      async open(page) {
        await page.goto(`${server.url}/sign-up`);
        await page.fill("input[name=email]", "maximiliana.hohenlohe@example.com");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "sign-up-choose-short",
      async open(page) {
        const email = `maximiliana.${randomUUID()}@example.com`;
        await rest(server, "POST", "/v1/auth/sign-up", { email }, "");
        // Until the mail is there.
        let link: string | undefined;
        while (link === undefined) {
          const mails = await (await fetch(`${server.url}/dev/mail`)).text();
          link = mails.split("<section").find((mail) => mail.includes(email));
        }
        await page.goto(`${server.url}/sign-up?token=${/token=([\w-]+)/.exec(link)?.[1] ?? ""}`);
        await page.fill("input[name=new_password]", "short");
        await press(page, "button[type=submit]");
      },
    },
    { name: "sign-up-wrong-link", open: (page) => page.goto(`${server.url}/sign-up?token=a-link`) },
    { name: "verify", open: (page) => page.goto(`${server.url}/verify?token=a-link`) },
    {
      name: "verify-wrong-link",
      async open(page) {
        await page.goto(`${server.url}/verify?token=a-link`);
        await page.click("button[type=submit]");
      },
    },
    {
      name: "verify-email",
      open: async (page) => signInAs(page, (await createPerson(server)).username, mailing),
    },
    {
      name: "verify-email-wrong",
      async open(page) {
        await signInAs(page, (await createPerson(server)).username, mailing);
        await page.fill("input[name=email_code]", "123456");
        await press(page, "button[type=submit]");
      },
    },
    { name: "verify-email-address", open: async (page) => signInAs(page, await unreachable(), mailing) },
    {
      name: "verify-email-address-wrong",
      async open(page) {
        await signInAs(page, await unreachable(), mailing);
        await page.$eval("form", (form) => form.setAttribute("novalidate", ""));
        await page.fill("input[name=new_email]", "ana at example.com");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "verify-email-named",
      async open(page) {
        const username = await unreachable();
        await signInAs(page, username, mailing);
        await page.fill("input[name=new_email]", `${username}.hohenlohe-waldenburg@example.com`);
        await press(page, "button[type=submit]");
      },
    },
    { name: "enrol-totp", open: (page) => signInAs(page, person.username, strict) },
    {
      name: "enrol-totp-wrong",
      async open(page) {
        await signInAs(page, person.username, strict);
        await page.fill("input[name=new_totp]", "123456");
        await page.click("button[type=submit]");
      },
    },
    {
      name: "enrol-sms",
      async open(page) {
        await signInAs(page, person.username, strict);
        await press(page, "button[value=sms-otp]");
      },
    },
    {
      name: "enrol-sms-wrong",
      async open(page) {
        await signInAs(page, person.username, strict);
        await press(page, "button[value=sms-otp]");
        await page.fill("input[name=new_phone]", "11 99999-0199");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "enrol-sms-sent",
      async open(page) {
        await signInAs(page, (await createPerson(server)).username, strict);
        await press(page, "button[value=sms-otp]");
        await page.fill("input[name=new_phone]", "+55 (11) 99999-0199");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "enrol-mail-wrong",
      async open(page) {
        const { id, username } = await createPerson(server);
        await rest(server, "PATCH", `/v1/users/${id}`, { email_verified: true });
        await signInAs(page, username, strict);
        await press(page, "button[value=email-otp]");
        await page.fill("input[name=new_code]", "123456");
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "enrol-passkey",
      async open(page) {
        await signInAs(page, person.username, strict);
        await press(page, "button[value=sms-otp]");
        await press(page, "button[value=passkey]");
      },
    },
    {
      name: "recovery-codes",
      async open(page) {
        const { username } = await createPerson(server);
        await signInAs(page, username, strict);
        const secret = (await page.textContent("details code"))?.replaceAll(" ", "") ?? "";
        await page.fill("input[name=new_totp]", totpCode(secret));
        await page.click("button[type=submit]");
      },
    },
    { name: "consent", open: (page) => signInAs(page, person.username, thirdParty) },
    {
      name: "consent-long",
      open: (page) =>
        signInAs(page, others[0]?.username ?? "", longThirdParty, {
          scope: "openid profile email phone address offline_access calendar.read calendar.write",
        }),
    },
    {
      name: "consent-first-party",
      open: (page) => signInAs(page, person.username, client, { prompt: "consent", scope: "openid email" }),
    },
    {
      name: "accounts",
      async open(page) {
        await signInAll(page);
        await page.goto(authorizationRequest(server, client, { prompt: "select_account" }).url);
      },
    },
    {
      name: "logout",
      async open(page) {
        await signInAs(page, person.username);
        await page.goto(`${server.url}/oidc/v1/end_session?client_id=${client.clientId}`);
      },
    },
    {
      name: "logout-no-way-back",
      async open(page) {
        await signInAs(page, person.username);
        const uri = encodeURIComponent("//evil.example");
        await page.goto(
          `${server.url}/oidc/v1/end_session?client_id=${longNamed.clientId}&post_logout_redirect_uri=${uri}`,
        );
      },
    },
    {
      name: "signed-out",
      async open(page) {
        await signInAs(page, person.username);
        await page.goto(`${server.url}/oidc/v1/end_session`);
        await press(page, "button[type=submit]");
      },
    },
    {
      name: "signed-out-way-back",
      open: (page) =>
        page.goto(
          `${server.url}/oidc/v1/end_session?client_id=${client.clientId}&post_logout_redirect_uri=${encodeURIComponent(afterLogout)}`,
        ),
    },
    { name: "error-application", open: (page) => page.goto(`${server.url}/oauth/v2/authorize?client_id=nobody`) },
    {
      name: "dev-mail",
      open: (page) => page.goto(`${server.url}/dev/mail`),
    },
    { name: "error-not-found", open: (page) => page.goto(`${server.url}/nowhere`) },
    {
      name: "error-expired",
      async open(page) {
        await signIn(page);
        await page.goto(`${server.url}/sign-in?authorization=gone`);
      },
    },
    { name: "error-no-cookie", open: (page) => page.goto(`${server.url}/sign-in?authorization=gone`) },
    ...(await brandedStates(server)),
  ];
}
