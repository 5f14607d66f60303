import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addTotp, totpCode } from "../support/factors.ts";
import { walk } from "../support/interaction-pages.ts";
import { createPerson, password, registerClient, tokensFor, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
});
afterAll(() => server?.stop());

const said = "That page was open for too long, or was used already. Sign in again.";

describe("a page of a sign-in that was open for too long, while its application still waits", () => {
  test.each([
    ["the code of an app", { code: "123456", way: "totp", ways: "totp" }],
    ["another way", { way: "email-otp", ways: "email-otp" }],
    ["a new app", { new_totp: "123456", new_ways: "totp" }],
    ["a new telephone", { new_way: "sms-otp", new_phone: "+5511999990199", new_ways: "sms-otp" }],
    ["a code that was mailed", { email_code: "123456", new_email: "" }],
    ["a new password", { new_password: "four words in a row" }],
    ["the terms", { terms: "accept", terms_version: "1" }],
  ] as [string, Record<string, string>][])("leads back to the sign-in, with the name: %s", async (_what, fields) => {
    const { username } = await createPerson(server);
    const way = await walk(server, client);
    const response = await way.send({ flow: "of-yesterday", username, ...fields });
    expect(response.status).toBeGreaterThanOrEqual(400);
    const html = await response.text();
    expect(html).toContain(said);
    expect(html).toContain(`name="username" type="text" value="${username}"`);
    await way.signIn(username);
    expect(await way.redeem()).toHaveProperty("access_token");
  });

  test("so does one that was sent already, whose flow another page went on with", async () => {
    const { username } = await createPerson(server);
    const { accessToken } = await tokensFor(server, client, username);
    const { secret } = await addTotp(server, accessToken);
    const way = await walk(server, client);
    const { hidden } = await way.page();
    const asked = await way.browser.post(`${server.url}/sign-in`, { ...hidden, username, password });
    const flow = /name="flow" value="([^"]+)"/.exec(await asked.text())?.[1] ?? "";
    const form = { ...hidden, flow, username, ways: "totp", way: "totp", code: totpCode(secret) };
    expect((await way.browser.post(`${server.url}/sign-in`, form)).status).toBe(303);
    const again = await way.browser.post(`${server.url}/sign-in`, form);
    expect(await again.text()).toContain(said);
  });
});
