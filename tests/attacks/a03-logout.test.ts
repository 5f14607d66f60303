import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { afterLogout, confirmLogout, isSignedIn, questionOn, requestLogout } from "../support/logout.ts";
import {
  createPerson,
  refresh,
  registerClient,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
let strict: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server, { post_logout_redirect_uris: [afterLogout] });
  strict = await registerClient(server, { logout_ends_offline_grants: true });
});
afterAll(() => server?.stop());

describe("A3: what a logout ends is over before it is answered", () => {
  test("session and access token at once, with a hint or by the page; offline access goes on", async () => {
    for (const withHint of [true, false]) {
      const person = await createPerson(server);
      const online = await tokensFor(server, client, person.username, { parameters: { scope: "openid" } });
      const { browser } = online;
      const offline = await tokensFor(server, client, person.username, { browser });
      const cookie = browser.cookies.get("koder_session") ?? "";
      if (withHint) await requestLogout(server, browser, { id_token_hint: online.idToken });
      else await confirmLogout(server, browser, await questionOn(await requestLogout(server, browser)));
      expect(await userinfoStatus(server, online.accessToken)).toBe(401);
      expect(await userinfoStatus(server, offline.accessToken)).toBe(200);
      expect((await refresh(server, client, offline.refreshToken)).status).toBe(200);
      // Whoever kept the cookie has nothing of it.
      browser.cookies.set("koder_session", cookie);
      expect(await isSignedIn(server, client, browser)).toBe(false);
      expect((await rest(server, "GET", `/v1/users/${person.id}/sessions`)).json["sessions"]).toEqual([]);
    }
  });

  test("offline access too, where the client says so", async () => {
    const { username } = await createPerson(server);
    const mine = await tokensFor(server, strict, username);
    const others = await tokensFor(server, strict, username);
    const kept = await tokensFor(server, client, username, { browser: mine.browser });
    await requestLogout(server, mine.browser, { id_token_hint: mine.idToken });
    expect(await userinfoStatus(server, mine.accessToken)).toBe(401);
    expect((await refresh(server, strict, mine.refreshToken)).status).toBe(400);
    expect(await userinfoStatus(server, others.accessToken)).toBe(200);
    expect((await refresh(server, strict, others.refreshToken)).status).toBe(200);
    expect((await refresh(server, client, kept.refreshToken)).status).toBe(200);
  });

  test("a code of the session gives nothing any more", async () => {
    const { username } = await createPerson(server);
    const { browser, idToken } = await tokensFor(server, client, username);
    const { callback, codeVerifier } = await signIn(server, client, username, { browser });
    await requestLogout(server, browser, { id_token_hint: idToken });
    const { status, json } = await tokenRequest(server, client, {
      grant_type: "authorization_code",
      code: callback.searchParams.get("code") ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    });
    expect([status, json["error"]]).toEqual([400, "invalid_grant"]);
  });

  test("a logout in one browser leaves the person's others alone", async () => {
    const { username } = await createPerson(server);
    const [first, second] = [await tokensFor(server, client, username), await tokensFor(server, client, username)];
    // The hint speaks of the other browser's session, and of the same person.
    await requestLogout(server, first.browser, { id_token_hint: second.idToken });
    expect(await isSignedIn(server, client, first.browser)).toBe(false);
    expect(await isSignedIn(server, client, second.browser)).toBe(true);
    expect(await userinfoStatus(server, second.accessToken)).toBe(200);
  });
});
