import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { authorizeDevice, decideDevice, pollDevice, registerDevice } from "../support/device.ts";
import { addTotp, totpCode } from "../support/factors.ts";
import { hiddenInputs } from "../support/hidden-inputs.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { walk, walkTo, type Walk } from "../support/interaction-pages.ts";
import { createPerson, locationOf, password, registerClient, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const setPolicy = (policy: Readonly<Record<string, unknown>>) => changeAuthenticationPolicy(server, policy);
const required = "MFA_REQUIREMENT_REQUIRED";
const idTokenOf = async (way: Walk) => decodeJwt(String((await way.redeem())["id_token"]));

/** Gives the password on the sign-in page, and answers the inputs of the page of the next step and its HTML. */
async function afterPassword(way: Pick<Walk, "send">, username: string) {
  const response = await way.send({ username, password });
  const html = await response.text();
  expect(response.status, html).toBe(200);
  return { html, send: (fields: Record<string, string>) => way.send({ ...hiddenInputs(html), ...fields }) };
}

describe("step-up, as an application sees it in its id token", () => {
  test("acr_values asks a person for the second factor whom a session of one has let in before", async () => {
    const [person, client] = [await createPerson(server), await registerClient(server)];
    const { accessToken, browser, idToken } = await tokensFor(server, client, person.username);
    expect(decodeJwt(idToken)).toMatchObject({ acr: "urn:koder:acr:1fa", amr: ["pwd"] });
    const stepUp = { acr_values: "urn:koder:acr:mfa" };
    // Who has no second factor cannot show one: a wish is no demand, but an essential claim is one.
    expect(await idTokenOf(await walk(server, client, stepUp, browser))).toMatchObject({ acr: "urn:koder:acr:1fa" });
    const claims = JSON.stringify({ id_token: { acr: { essential: true, value: "urn:koder:acr:mfa" } } });
    const demanded = await walk(server, client, { claims }, browser);
    expect(demanded.at().searchParams.get("error")).toBe("unmet_authentication_requirements");

    const { secret } = await addTotp(server, accessToken);
    expect(await idTokenOf(await walk(server, client, {}, browser))).toMatchObject({ acr: "urn:koder:acr:1fa" });
    const silent = await walk(server, client, { ...stepUp, prompt: "none" }, browser);
    expect(silent.at().searchParams.get("error")).toBe("login_required");
    const before = browser.cookies.get("koder_session");
    const way = await walk(server, client, { claims }, browser);
    expect(way.at().pathname).toBe("/sign-in");
    const page = await afterPassword(way, person.username);
    expect((await page.send({ code: totpCode(secret) })).status).toBe(303);
    expect(await idTokenOf(way)).toMatchObject({ acr: "urn:koder:acr:mfa", amr: ["pwd", "otp", "mfa"] });
    // A2: what the browser held before opens nothing any more.
    expect(browser.cookies.get("koder_session")).not.toBe(before);
    // From now on the session is enough.
    const again = await walk(server, client, { ...stepUp, prompt: "none" }, browser);
    expect(await idTokenOf(again)).toMatchObject({ sub: person.id, acr: "urn:koder:acr:mfa" });
  });

  test("max_age and prompt=login ask anew, for both factors, and auth_time says when", async () => {
    const [person, client] = [await createPerson(server), await registerClient(server)];
    const { accessToken, browser } = await tokensFor(server, client, person.username);
    const { secret } = await addTotp(server, accessToken);
    for (const [at, parameters] of [{ max_age: "0" }, { prompt: "login", max_age: "600" }].entries()) {
      const began = Math.floor(Date.now() / 1_000);
      const way = await walk(server, client, parameters, browser);
      const page = await afterPassword(way, person.username);
      expect((await page.send({ code: totpCode(secret, at) })).status).toBe(303);
      const claims = await idTokenOf(way);
      expect(claims).toMatchObject({ acr: "urn:koder:acr:mfa" });
      expect(Number(claims["auth_time"])).toBeGreaterThanOrEqual(began);
    }
  });
});

describe("A15: the policy counts on every way", () => {
  test("a client that requires a second factor is not content with another client's session", async () => {
    const [person, lax, strict] = [
      await createPerson(server),
      await registerClient(server),
      await registerClient(server, { client_name: "Vault" }),
    ];
    await setPolicy({ client_overrides: [{ client_id: strict.clientId, mfa: required }] });
    const { browser } = await tokensFor(server, lax, person.username);
    const silent = await walk(server, strict, { prompt: "none" }, browser);
    expect(silent.at().searchParams.get("error")).toBe("login_required");
    const way = await walk(server, strict, {}, browser);
    const page = await afterPassword(way, person.username);
    expect(page.html).toContain("<svg ");
    const secret = /<code>([A-Z2-7 ]+)<\/code>/.exec(page.html)?.[1]?.replaceAll(" ", "") ?? "";
    // The session of one factor is as it was until then.
    expect((await walk(server, strict, { prompt: "none" }, browser)).at().searchParams.get("error")).toBe(
      "login_required",
    );
    const mistyped = await page.send({ new_totp: "000000" });
    expect(mistyped.status).toBe(400);
    expect(await mistyped.text()).toContain(/<code>([A-Z2-7 ]+)<\/code>/.exec(page.html)?.[1] ?? "no secret");
    const added = await page.send({ new_totp: totpCode(secret) });
    expect(added.status).toBe(200);
    const codes = await added.text();
    expect(codes.match(/<li><code>[0-9A-Z]{5}-[0-9A-Z]{5}<\/code>/g)).toHaveLength(10);
    const on = await browser.post(`${server.url}/sign-in`, { ...hiddenInputs(codes), done: "recovery-codes" });
    expect(locationOf(on, server.url).searchParams.get("code")).toMatch(/./);
    const again = await walk(server, strict, { prompt: "none" }, browser);
    expect(await idTokenOf(again)).toMatchObject({
      sub: person.id,
      acr: "urn:koder:acr:mfa",
      amr: ["pwd", "otp", "mfa"],
    });
  });

  test("so it is for a device, whoever is signed in where its code is typed", async () => {
    const [person, lax, device] = [
      await createPerson(server),
      await registerClient(server),
      await registerDevice(server),
    ];
    await setPolicy({ client_overrides: [{ client_id: device.clientId, mfa: required }] });
    const { browser } = await tokensFor(server, lax, person.username);
    const { json } = await authorizeDevice(server, device);
    const typed = await browser.post(`${server.url}/device`, { user_code: String(json["user_code"]) });
    const at = locationOf(typed, server.url);
    expect(at.pathname).toBe("/sign-in");
    const authorization = at.searchParams.get("authorization") ?? "";
    const confirm = await browser.get(`${server.url}/device/confirm?authorization=${authorization}`);
    expect(locationOf(confirm, server.url).pathname).toBe("/sign-in");
    const decided = await browser.post(`${server.url}/device/confirm`, { authorization, action: "allow" });
    expect(locationOf(decided, server.url).pathname).toBe("/sign-in");
    expect((await pollDevice(server, device, String(json["device_code"]))).json["error"]).toBe("authorization_pending");
  });

  test("what a device's client has registered of sign-ins counts for a session of before, and its id token says when", async () => {
    const [person, app] = [await createPerson(server), await registerClient(server)];
    const { accessToken, browser } = await tokensFor(server, app, person.username);
    const { secret } = await addTotp(server, accessToken);
    /** Types the code of a new device of such a client. */
    const typed = async (metadata: Record<string, unknown>) => {
      const device = await registerDevice(server, metadata);
      const { deviceCode, userCode } = await authorizeDevice(server, device);
      const at = locationOf(await browser.post(`${server.url}/device`, { user_code: userCode }), server.url);
      const authorization = at.searchParams.get("authorization") ?? "";
      return { device, deviceCode, authorization, pathname: at.pathname };
    };
    /** Decides, and answers the claims of the id token. */
    const allowed = async ({ device, deviceCode, authorization }: Awaited<ReturnType<typeof typed>>) => {
      await decideDevice(server, browser, authorization, "allow");
      return decodeJwt(String((await pollDevice(server, device, deviceCode)).json["id_token"]));
    };
    const told = await typed({ require_auth_time: true });
    expect(told.pathname).toBe("/device/confirm");
    expect(await allowed(told)).toMatchObject({ auth_time: expect.any(Number), acr: "urn:koder:acr:1fa" });

    for (const [at, metadata] of [{ default_acr_values: ["urn:koder:acr:mfa"] }, { default_max_age: 0 }].entries()) {
      const began = Math.floor(Date.now() / 1_000);
      const asked = await typed(metadata);
      expect(asked.pathname).toBe("/sign-in");
      const early = { authorization: asked.authorization, action: "allow" };
      const decided = await browser.post(`${server.url}/device/confirm`, early);
      expect(locationOf(decided, server.url).pathname).toBe("/sign-in");
      const way = await walkTo(server, `${server.url}/device/confirm?authorization=${asked.authorization}`, browser);
      const page = await afterPassword(way, person.username);
      expect((await page.send({ code: totpCode(secret, at) })).status).toBe(303);
      const claims = await allowed(asked);
      expect(claims).toMatchObject({ acr: "urn:koder:acr:mfa" });
      if (at === 1) expect(Number(claims["auth_time"])).toBeGreaterThanOrEqual(began);
    }
  });

  test("a new browser is asked for the second factor by the tenant's policy, and no request talks it out of it", async () => {
    const [person, client] = [await createPerson(server), await registerClient(server)];
    await setPolicy({ mfa: required, client_overrides: [] });
    try {
      for (const parameters of [{}, { acr_values: "urn:koder:acr:1fa" }, { prompt: "login" }]) {
        const way = await walk(server, client, parameters, httpBrowser());
        const page = await afterPassword(way, person.username);
        expect(page.html).toContain('name="new_totp"');
        expect(way.browser.cookies.has("koder_session")).toBe(false);
        expect((await way.send({ done: "recovery-codes" })).status).toBe(303);
        expect(way.at().pathname).toBe("/sign-in");
      }
    } finally {
      await setPolicy({ mfa: "MFA_REQUIREMENT_OPTIONAL" });
    }
  });
});
