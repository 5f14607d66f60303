import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { afterLogout, confirmLogout, isSignedIn, questionOn, requestLogout } from "../support/logout.ts";
import { createPerson, locationOf, registerClient, tokensFor, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server, { post_logout_redirect_uris: [afterLogout] });
});
afterAll(() => server?.stop());

const newcomer = async () => tokensFor(server, client, (await createPerson(server)).username);

describe("A26: nobody else signs a person out", () => {
  test("a link or a picture on another site asks, and ends nothing", async () => {
    const victim = await newcomer();
    const attacker = await newcomer();
    for (const parameters of [
      {},
      { client_id: client.clientId, post_logout_redirect_uri: afterLogout },
      { id_token_hint: "x" },
      // The attacker's own id token is good, and speaks of the attacker.
      { id_token_hint: attacker.idToken, post_logout_redirect_uri: afterLogout },
    ] as Record<string, string>[]) {
      await questionOn(await requestLogout(server, victim.browser, parameters));
    }
    expect(await isSignedIn(server, client, victim.browser)).toBe(true);
    expect(await isSignedIn(server, client, attacker.browser)).toBe(true);
  });

  test("the answer is taken from our own page only, in the browser that was asked", async () => {
    const victim = await newcomer();
    const attacker = await newcomer();
    const question = await questionOn(await requestLogout(server, victim.browser));
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ] as Record<string, string>[]) {
      const answer = await confirmLogout(server, victim.browser, question, headers);
      expect(answer.status, JSON.stringify(headers)).toBe(403);
    }
    const handedOver = await questionOn(await requestLogout(server, attacker.browser));
    for (const id of [handedOver, "", "x", `${question}x`]) {
      const answer = await confirmLogout(server, victim.browser, id, { origin: server.url });
      expect(locationOf(answer, server.url).pathname, id).toBe("/oidc/v1/end_session");
    }
    const elsewhere = httpBrowser();
    await confirmLogout(server, elsewhere, question);
    expect(await isSignedIn(server, client, victim.browser)).toBe(true);
    expect((await confirmLogout(server, victim.browser, question, { origin: server.url })).status).toBe(200);
    expect(await isSignedIn(server, client, victim.browser)).toBe(false);
    expect(await isSignedIn(server, client, attacker.browser)).toBe(true);
  });
});
