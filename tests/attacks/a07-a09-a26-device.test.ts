import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  authorizeDevice,
  decideDevice,
  decidedDevice,
  deviceGrant,
  enterUserCode,
  pollDevice,
  registerDevice,
  shownSession,
} from "../support/device.ts";
import { httpBrowser } from "../support/http-browser.ts";
import {
  createPerson,
  locationOf,
  refresh,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let television: RelyingParty;
beforeAll(async () => {
  // Each test guesses from an address of its own.
  server = await startServer({ env: { KODER_ID_TRUSTED_PROXIES: "127.0.0.1" } });
  television = await registerDevice(server);
});
afterAll(() => server?.stop());

const from = (address: string) => ({ "x-forwarded-for": address });
const letters = "BCDFGHJKLMNPQRSTVWXZ";
const guess = (number: number): string =>
  Array.from({ length: 8 }, (_, at) => letters.charAt(Math.floor(number / 20 ** at) % 20)).join("");

describe("the device grant", () => {
  test("gives tokens to the device once its person has allowed it, and refreshes them", async () => {
    const { client, deviceCode } = await decidedDevice(server);
    const { status, json, headers } = await pollDevice(server, client, deviceCode);
    expect(status, JSON.stringify(json)).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(json).toMatchObject({ token_type: "Bearer", scope: "openid profile offline_access" });
    expect(await userinfoStatus(server, String(json["access_token"]))).toBe(200);
    expect((await refresh(server, client, String(json["refresh_token"]))).status).toBe(200);
  });

  test("tells the device what RFC 8628 §3.2 has, and discovery where to ask", async () => {
    const { status, json } = await authorizeDevice(server, television);
    expect(status).toBe(200);
    const { device_code: code, user_code: userCode, ...others } = json;
    expect([code, userCode]).toEqual([
      expect.stringMatching(/^kdc_[\w-]{43}$/),
      expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/),
    ]);
    expect(others).toEqual({
      verification_uri: `${server.url}/device`,
      verification_uri_complete: `${server.url}/device?user_code=${String(userCode)}`,
      expires_in: 600,
      interval: 5,
    });
    const discovery = (await (await fetch(`${server.url}/.well-known/openid-configuration`)).json()) as object;
    expect(discovery).toMatchObject({
      device_authorization_endpoint: `${server.url}/oauth/v2/device_authorization`,
      grant_types_supported: expect.arrayContaining([deviceGrant]) as unknown,
    });
  });

  test("says pending, then slow_down, and access_denied when the person denies", async () => {
    const { deviceCode } = await authorizeDevice(server, television);
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("authorization_pending");
    expect(await pollDevice(server, television, deviceCode)).toMatchObject({
      status: 400,
      json: { error: "slow_down" },
    });
    const denied = await decidedDevice(server, { decision: "deny" });
    const { status, json } = await pollDevice(server, denied.client, denied.deviceCode);
    expect([status, json["error"]]).toEqual([400, "access_denied"]);
  });

  test("refuses what breaks a rule, by the standard's codes", async () => {
    const confidential = await registerDevice(server, { token_endpoint_auth_method: "client_secret_basic" });
    const other = await registerClient(server);
    const error = async (client: RelyingParty, form?: Record<string, string>) => {
      const { status, json } = await authorizeDevice(server, client, form);
      return [status, json["error"]];
    };
    expect(await error(confidential)).toEqual([200, undefined]);
    expect(await error({ ...confidential, clientSecret: "wrong" })).toEqual([401, "invalid_client"]);
    expect(await error({ ...confidential, clientSecret: "" })).toEqual([401, "invalid_client"]);
    const twice = { client_id: confidential.clientId, client_secret: confidential.clientSecret };
    expect(await error(confidential, twice)).toEqual([400, "invalid_request"]);
    expect(await error(other)).toEqual([400, "unauthorized_client"]);
    expect(await error(television, { scope: "a\u0007b" })).toEqual([400, "invalid_scope"]);
    expect((await tokenRequest(server, television, { grant_type: deviceGrant })).json["error"]).toBe("invalid_request");
    expect((await pollDevice(server, other, "kdc_x")).json["error"]).toBe("unauthorized_client");
  });
});

describe("A11: a device and resource servers", () => {
  test("tokens are for what was asked for and allowed; whatever else is asked for is refused by name", async () => {
    const identifier = "https://orders.example.com";
    const scopes = [{ name: "orders.read" }];
    const made = await rest(server, "POST", "/v1/resource-servers", { identifier, scopes, all_clients_allowed: true });
    expect(made.status, JSON.stringify(made.json)).toBe(200);
    const client = await registerDevice(server, { scope: "openid orders.read" });
    const unknown = await authorizeDevice(server, client, { resource: "https://unknown.example.com" });
    expect([unknown.status, unknown.json["error"]]).toEqual([400, "invalid_target"]);
    const { username } = await createPerson(server);
    const { deviceCode, userCode } = await authorizeDevice(server, client, {
      scope: "orders.read",
      resource: identifier,
    });
    const browser = httpBrowser();
    await decideDevice(server, browser, await enterUserCode(server, username, userCode, browser), "allow");
    const ask = (resource: string) =>
      tokenRequest(server, client, { grant_type: deviceGrant, device_code: deviceCode, resource });
    expect((await ask(server.url)).json["error"]).toBe("invalid_target");
    const { status, json } = await ask(identifier);
    expect([status, json["scope"]], JSON.stringify(json)).toEqual([200, "orders.read"]);
    expect(decodeJwt(String(json["access_token"]))).toMatchObject({ aud: identifier });
  });

  test("without a resource tokens are for the tenant's default audience, if it has one", async () => {
    const identifier = "https://everything.example.com";
    const scopes = [{ name: "everything.read" }];
    await rest(server, "POST", "/v1/resource-servers", { identifier, scopes, all_clients_allowed: true });
    const client = await registerDevice(server, { scope: "openid everything.read" });
    const setDefault = (audience: string) =>
      rest(server, "PATCH", "/v1/admin/policies/oauth", { default_audience: audience });
    expect((await setDefault(identifier)).status).toBe(200);
    const parameters = { scope: "openid everything.read" };
    const withDefault = await decidedDevice(server, { client, parameters });
    const { json } = await pollDevice(server, client, withDefault.deviceCode);
    expect(decodeJwt(String(json["access_token"]))).toMatchObject({ aud: identifier, scope: parameters.scope });
    expect((await setDefault("")).status).toBe(200);
    const without = await decidedDevice(server, { client, parameters });
    const later = await pollDevice(server, client, without.deviceCode);
    expect(decodeJwt(String(later.json["access_token"]))).toMatchObject({ aud: server.url, scope: "openid" });
  });
});

describe("A9: a device code", () => {
  test("is nothing to another client, and its own client is none the worse", async () => {
    const { client, deviceCode } = await decidedDevice(server);
    const another = await registerDevice(server);
    expect((await pollDevice(server, another, deviceCode)).json["error"]).toBe("invalid_grant");
    expect((await pollDevice(server, client, deviceCode)).status).toBe(200);
  });

  test("used a second time gives nothing, and ends what it gave", async () => {
    const { client, deviceCode } = await decidedDevice(server);
    const { json } = await pollDevice(server, client, deviceCode);
    expect((await pollDevice(server, client, deviceCode)).json["error"]).toBe("invalid_grant");
    expect(await userinfoStatus(server, String(json["access_token"]))).toBe(401);
    expect((await refresh(server, client, String(json["refresh_token"]))).json["error"]).toBe("invalid_grant");
  });

  test("of a client that was deleted gives nothing", async () => {
    const { client, deviceCode } = await decidedDevice(server);
    expect((await rest(server, "DELETE", `/v1/clients/${client.clientId}`)).status).toBe(200);
    expect((await pollDevice(server, client, deviceCode)).json["error"]).toBe("invalid_client");
  });
});

describe("A7: guessing user codes", () => {
  test("ends after 20 wrong ones of an address, and then not even the right code is looked for", async () => {
    const browser = httpBrowser();
    const type = (code: string, address = "192.0.2.1") =>
      browser.post(`${server.url}/device`, { user_code: code }, from(address));
    const wrong = await Promise.all(Array.from({ length: 40 }, (_, number) => type(guess(number))));
    expect(wrong.filter(({ status }) => status === 404)).toHaveLength(20);
    const { userCode } = await authorizeDevice(server, television);
    const late = await type(userCode);
    expect([late.status, Number(late.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(await late.text()).toContain("too many attempts");
    expect((await type(userCode, "192.0.2.2")).status).toBe(303);
  });

  test("a link is no guess, and finds nothing out", async () => {
    const { userCode } = await authorizeDevice(server, television);
    const page = async (code: string) => {
      const response = await httpBrowser().get(`${server.url}/device?user_code=${code}`);
      return [response.status, (await response.text()).replaceAll(code, "CODE")];
    };
    expect(await page(userCode)).toEqual(await page("BBBB-BBBB"));
  });
});

describe("A26: the pages", () => {
  test("a form from another site enters no code and decides nothing", async () => {
    const { username } = await createPerson(server);
    const { deviceCode, userCode } = await authorizeDevice(server, television);
    const browser = httpBrowser();
    const authorization = await enterUserCode(server, username, userCode, browser);
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const entered = await browser.post(`${server.url}/device`, { user_code: userCode }, headers);
      const form = { authorization, action: "allow" };
      const decided = await browser.post(`${server.url}/device/confirm`, form, headers);
      expect([entered.status, decided.status]).toEqual([403, 403]);
    }
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("authorization_pending");
  });

  test("what one browser began no other decides, though it be signed in", async () => {
    const { username } = await createPerson(server);
    const { deviceCode, userCode } = await authorizeDevice(server, television);
    const authorization = await enterUserCode(server, username, userCode);
    const thief = httpBrowser();
    await enterUserCode(server, username, (await authorizeDevice(server, television)).userCode, thief);
    expect((await decideDevice(server, thief, authorization, "allow")).status).toBe(404);
    expect((await thief.get(`${server.url}/device/confirm?authorization=${authorization}`)).status).toBe(404);
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("authorization_pending");
  });

  test("nothing is decided by nobody, twice, or in other words", async () => {
    const { username } = await createPerson(server);
    const { deviceCode, userCode } = await authorizeDevice(server, television);
    const browser = httpBrowser();
    const entered = locationOf(await browser.post(`${server.url}/device`, { user_code: userCode }), server.url);
    const authorization = entered.searchParams.get("authorization") ?? "";
    const unsigned = locationOf(await decideDevice(server, browser, authorization, "allow"), server.url);
    expect([entered.pathname, unsigned.pathname]).toEqual(["/sign-in", "/sign-in"]);
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("authorization_pending");
    const second = await enterUserCode(server, username, userCode, browser);
    const session = await shownSession(server, browser, second);
    const decide = async (decision: string) => (await decideDevice(server, browser, second, decision, session)).status;
    expect([await decide("yes"), await decide("deny"), await decide("allow")]).toEqual([400, 200, 404]);
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("access_denied");
  });

  test("whoever comes back to a decision that is over is led to type a code, unless their browser refuses cookies", async () => {
    const { username } = await createPerson(server);
    const browser = httpBrowser();
    const { userCode } = await authorizeDevice(server, television);
    const authorization = await enterUserCode(server, username, userCode, browser);
    const session = await shownSession(server, browser, authorization);
    const decide = (decision: string) => decideDevice(server, browser, authorization, decision, session);
    expect((await decide("allow")).status).toBe(200);
    const late = await decide("deny");
    const back = await browser.get(`${server.url}/device/confirm?authorization=${authorization}`);
    for (const page of [back, late]) {
      expect(page.status).toBe(404);
      const html = await page.text();
      expect(html).toContain("If your device still shows a code, type it here.");
      expect(html).toContain('name="user_code"');
    }
    const refused = await fetch(`${server.url}/device/confirm?authorization=${authorization}`);
    expect(await refused.text()).toContain("allow cookies");
  });

  test("a page that shows one account decides for no other that has signed in since", async () => {
    const [shown, other] = [await createPerson(server), await createPerson(server)];
    const { deviceCode, userCode } = await authorizeDevice(server, television);
    const browser = httpBrowser();
    const authorization = await enterUserCode(server, shown.username, userCode, browser);
    const session = await shownSession(server, browser, authorization);
    const parameters = { prompt: "login" };
    await tokensFor(server, await registerClient(server), other.username, { browser, parameters });
    for (const named of [session, "", "01JZZZZZZZZZZZZZZZZZZZZZZZ"]) {
      for (const decision of ["allow", "deny"]) {
        const again = locationOf(await decideDevice(server, browser, authorization, decision, named), server.url);
        expect(`${again.pathname}${again.search}`).toBe(`/device/confirm?authorization=${authorization}`);
      }
    }
    expect((await pollDevice(server, television, deviceCode)).json["error"]).toBe("authorization_pending");
    const page = await (await browser.get(`${server.url}/device/confirm?authorization=${authorization}`)).text();
    expect([page.includes(`${shown.username}@`), page.includes(`${other.username}@`)]).toEqual([false, true]);
    // Whom it shows now decides.
    expect((await decideDevice(server, browser, authorization, "deny")).status).toBe(200);
  });
});

describe("the QR code", () => {
  test("is a picture of the address with the code in it, for any origin, and of nothing else", async () => {
    const { userCode } = await authorizeDevice(server, television);
    const picture = await fetch(`${server.url}/device/qr?user_code=${userCode}`);
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/svg+xml"]);
    expect(picture.headers.get("access-control-allow-origin")).toBe("*");
    // Its own encoder's modules: what a camera reads of them is the library's to know.
    const { renderSVG } = await import("uqr");
    const address = `${server.url}/device?user_code=${userCode}`;
    expect(await picture.text()).toBe(renderSVG(address, { ecc: "M", border: 4 }));
    for (const other of [
      "",
      "user_code=",
      "user_code=https://evil.example",
      "user_code=%3Csvg%3E",
      "user_code=bbbb-bbbb",
    ]) {
      expect((await fetch(`${server.url}/device/qr?${other}`)).status, other).toBe(400);
    }
  });
});

describe("phishing (RFC 8628 §5.4)", () => {
  test("whoever follows a link with the code in it still enters it, and sees who asks, for what and as whom", async () => {
    const { username } = await createPerson(server);
    const client = await registerDevice(server, { client_name: "<b>A Bank</b>" });
    const { json, deviceCode, userCode } = await authorizeDevice(server, client);
    const browser = httpBrowser();
    const linked = await browser.get(String(json["verification_uri_complete"]));
    expect(await linked.text()).toContain(`value="${userCode}"`);
    const authorization = await enterUserCode(server, username, userCode, browser);
    // Signed in as they are now, the same link leads no further by itself.
    await (await browser.get(String(json["verification_uri_complete"]))).text();
    expect((await pollDevice(server, client, deviceCode)).json["error"]).toBe("authorization_pending");
    const page = await (await browser.get(`${server.url}/device/confirm?authorization=${authorization}`)).text();
    for (const said of [userCode, "&lt;b&gt;A Bank&lt;/b&gt;", `${username}@koder.dev`, "profile", "Deny", "Allow"]) {
      expect(page).toContain(said);
    }
    expect(page).toContain("If somebody sent you the code or a link, deny it");
    expect(page).not.toContain("<b>A Bank");
  });

  test("the page names the resource servers that the device would get tokens for, and what it may do there", async () => {
    const identifier = "https://payments.example.com";
    const made = await rest(server, "POST", "/v1/resource-servers", {
      identifier,
      display_name: "Payments & Co",
      scopes: [{ name: "payments.write", description: "pay in your name" }],
      all_clients_allowed: true,
    });
    expect(made.status, JSON.stringify(made.json)).toBe(200);
    const client = await registerDevice(server, { scope: "openid payments.write" });
    const { username } = await createPerson(server);
    const pageOf = async (parameters: Record<string, string>) => {
      const browser = httpBrowser();
      const { userCode } = await authorizeDevice(server, client, parameters);
      const authorization = await enterUserCode(server, username, userCode, browser);
      return (await browser.get(`${server.url}/device/confirm?authorization=${authorization}`)).text();
    };
    const page = await pageOf({ scope: "openid payments.write", resource: identifier });
    for (const said of ["Payments &amp; Co", "pay in your name", "know who you are here"]) {
      expect(page).toContain(said);
    }
    // Its tokens are asked for without any scope, too.
    const bare = await pageOf({ scope: "openid", resource: identifier });
    for (const said of ["Payments &amp; Co", "use it in your name"]) expect(bare).toContain(said);
    expect(await pageOf({ scope: "openid" })).not.toContain("Payments");
  });

  test("is asked for again of a person who has allowed the same client before", async () => {
    const { client, username, browser } = await decidedDevice(server);
    const { userCode } = await authorizeDevice(server, client);
    const authorization = await enterUserCode(server, username, userCode, browser);
    expect((await browser.get(`${server.url}/device/confirm?authorization=${authorization}`)).status).toBe(200);
  });
});
