import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  refresh,
  registerClient,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import type { RunningServer } from "../support/server.ts";
import type { Shape } from "../support/shapes.ts";

/** Attacks on sessions and on what is left of them, whatever the shape of the product. */
export function sessionAttacks({ start }: Shape): void {
  let server: RunningServer;
  let client: RelyingParty;
  beforeAll(async () => {
    server = await start();
    client = await registerClient(server);
  });
  afterAll(() => server?.stop());

  describe("A2: a sign-in always gives the browser a new token", () => {
    test("a planted session cookie is not adopted, and the one before is over", async () => {
      const person = await createPerson(server);
      const browser = httpBrowser();
      browser.cookies.set("koder_session", "ksn_planted-by-somebody-else-0000000000000000");
      await signIn(server, client, person.username, { browser });
      const first = browser.cookies.get("koder_session") ?? "";
      expect(first).toMatch(/^ksn_[A-Za-z0-9_-]{43}$/);

      await signIn(server, client, person.username, { browser, parameters: { prompt: "login" } });
      expect(browser.cookies.get("koder_session")).not.toBe(first);
      const stale = httpBrowser();
      stale.cookies.set("koder_session", first);
      const { url } = authorizationRequest(server, client, { prompt: "none" });
      expect(locationOf(await stale.get(url), server.url).searchParams.get("error")).toBe("login_required");
    });

    test("A26: a pending sign-in is its browser's alone, and its form our page's", async () => {
      const person = await createPerson(server);
      const attacker = httpBrowser();
      const pending = locationOf(await attacker.get(authorizationRequest(server, client).url), server.url);
      const form = {
        authorization: pending.searchParams.get("authorization") ?? "",
        username: person.username,
        password,
      };

      const victim = httpBrowser();
      await victim.get(authorizationRequest(server, client).url);
      expect((await victim.get(pending.href)).status).toBe(404);
      const handedOver = await victim.post(`${server.url}/sign-in`, form);
      expect(handedOver.status).toBe(404);
      expect(victim.cookies.has("koder_session")).toBe(false);

      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" },
      ] as Record<string, string>[]) {
        expect((await attacker.post(`${server.url}/sign-in`, form, headers)).status, JSON.stringify(headers)).toBe(403);
      }
      expect((await attacker.post(`${server.url}/sign-in`, form, { origin: server.url })).status).toBe(303);
    });
  });

  describe("A3: what ends a person's access ends it before the answer", () => {
    const api = (accessToken: string) => rest(server, "GET", "/v1/users/me", undefined, accessToken);

    async function signedIn() {
      const person = await createPerson(server);
      const tokens = await tokensFor(server, client, person.username);
      expect(await userinfoStatus(server, tokens.accessToken)).toBe(200);
      expect((await api(tokens.accessToken)).status).toBe(200);
      return { person, ...tokens };
    }
    async function expectAllOver({ accessToken, refreshToken, browser }: Awaited<ReturnType<typeof signedIn>>) {
      expect(await userinfoStatus(server, accessToken)).toBe(401);
      expect(await api(accessToken)).toMatchObject({ status: 401, json: { error: { reason: "CREDENTIAL_INVALID" } } });
      expect((await refresh(server, client, refreshToken)).json["error"]).toBe("invalid_grant");
      const { url } = authorizationRequest(server, client, { prompt: "none" });
      expect(locationOf(await browser.get(url), server.url).searchParams.get("error")).toBe("login_required");
    }

    test("disabling the user, who cannot sign in again", async () => {
      const one = await signedIn();
      const disabled = await rest(server, "PATCH", `/v1/users/${one.person.id}`, { status: "USER_STATUS_DISABLED" });
      expect(disabled.status, JSON.stringify(disabled.json)).toBe(200);
      await expectAllOver(one);
      const browser = httpBrowser();
      const pending = locationOf(await browser.get(authorizationRequest(server, client).url), server.url);
      const answer = await browser.post(`${server.url}/sign-in`, {
        authorization: pending.searchParams.get("authorization") ?? "",
        username: one.person.username,
        password,
      });
      expect(answer.status).toBe(401);
    });

    test("a new password", async () => {
      const one = await signedIn();
      const set = await rest(server, "POST", `/v1/users/${one.person.id}/password`, {
        password: "another long pass phrase",
      });
      expect(set.status, JSON.stringify(set.json)).toBe(200);
      await expectAllOver(one);
    });

    test("signing out everywhere, by the person or by an administrator", async () => {
      for (const credential of ["own", undefined]) {
        const [one, other] = [await signedIn(), await signedIn()];
        const [id, by] = credential === "own" ? ["me", one.accessToken] : [one.person.id, undefined];
        const { status, json } = await rest(server, "DELETE", `/v1/users/${id}/sessions`, undefined, by);
        expect(status, JSON.stringify(json)).toBe(200);
        await expectAllOver(one);
        // Nobody else's, and not for ever.
        expect(await userinfoStatus(server, other.accessToken)).toBe(200);
        const { accessToken } = await tokensFor(server, client, one.person.username);
        expect(await userinfoStatus(server, accessToken)).toBe(200);
        const denied = await rest(server, "DELETE", `/v1/users/${other.person.id}/sessions`, undefined, accessToken);
        expect(denied.status).toBe(403);
      }
    });

    test("deleting the client", async () => {
      const gone = await registerClient(server);
      const person = await createPerson(server);
      const { accessToken, refreshToken } = await tokensFor(server, gone, person.username);
      expect((await rest(server, "DELETE", `/v1/clients/${gone.clientId}`)).status).toBe(200);
      expect(await userinfoStatus(server, accessToken)).toBe(401);
      const refused = async () => (await refresh(server, gone, refreshToken)).json["error"];
      expect(["invalid_client", "invalid_grant"]).toContain(await refused());
      // Which of them it is: whoever remembers the client learns within a second that it has gone.
      await vi.waitFor(
        async () =>
          expect([await refused(), await refused(), await refused()]).toEqual(Array(3).fill("invalid_client")),
        { timeout: 10_000, interval: 100 },
      );
      // A30: its id is never given again.
      const again = await rest(server, "POST", "/v1/clients", {
        client_id: gone.clientId,
        redirect_uris: [gone.redirectUri],
      });
      expect(again).toMatchObject({ status: 409, json: { error: { reason: "CLIENT_ID_TAKEN" } } });
      expect((await rest(server, "GET", `/v1/clients/${gone.clientId}`)).status).toBe(404);
    });

    test("a client that was deleted gets no grant from whoever has not heard of it yet", async () => {
      const gone = await registerClient(server);
      const person = await createPerson(server);
      const { browser } = await tokensFor(server, gone, person.username);
      // Whoever answers remembers the client afterwards.
      const tries = Array.from({ length: 6 }, () => authorizationRequest(server, gone, { prompt: "none" }));
      await Promise.all(tries.map(({ url }) => browser.get(url)));
      expect((await rest(server, "DELETE", `/v1/clients/${gone.clientId}`)).status).toBe(200);
      const statuses = await Promise.all(
        tries.map(async ({ url, codeVerifier }) => {
          const answer = await browser.get(url);
          const code = new URL(answer.headers.get("location") ?? server.url).searchParams.get("code");
          if (code === null) return "no code";
          const { status, json } = await tokenRequest(server, gone, {
            grant_type: "authorization_code",
            code,
            redirect_uri: gone.redirectUri,
            code_verifier: codeVerifier,
          });
          return status === 200 ? userinfoStatus(server, String(json["access_token"])) : "no grant";
        }),
      );
      expect(statuses).not.toContain(200);
    });

    test("revoking the session ends what belongs to it, and offline access goes on", async () => {
      const person = await createPerson(server);
      const online = await tokensFor(server, client, person.username, { parameters: { scope: "openid" } });
      const offline = await tokensFor(server, client, person.username, { browser: online.browser });
      const listed = await rest(server, "GET", `/v1/users/${person.id}/sessions`);
      const [session] = listed.json["sessions"] as { id: string; user_id: string }[];
      expect(session?.user_id).toBe(person.id);
      expect((await rest(server, "DELETE", `/v1/sessions/${session?.id ?? ""}`)).status).toBe(200);
      expect(await userinfoStatus(server, online.accessToken)).toBe(401);
      expect(await userinfoStatus(server, offline.accessToken)).toBe(200);
      expect((await refresh(server, client, offline.refreshToken)).status).toBe(200);
      expect((await rest(server, "GET", `/v1/sessions/${session?.id ?? ""}`)).status).toBe(404);
    });

    test("a refresh family without offline access lasts through its person's step-up, and ends with its session at every use", async () => {
      const online = await registerClient(server, { refresh_without_offline_access: true });
      const person = await createPerson(server);
      const parameters = { scope: "openid" };
      const first = await tokensFor(server, online, person.username, { parameters });
      await signIn(server, online, person.username, { browser: first.browser, parameters: { prompt: "login" } });
      const next = await refresh(server, online, first.refreshToken);
      expect(next.status, JSON.stringify(next.json)).toBe(200);
      const listed = await rest(server, "GET", `/v1/users/${person.id}/sessions`);
      const [session, ...others] = listed.json["sessions"] as { id: string }[];
      expect(others).toEqual([]);
      expect((await rest(server, "DELETE", `/v1/sessions/${session?.id ?? ""}`)).status).toBe(200);
      for (const token of [first.refreshToken, String(next.json["refresh_token"])]) {
        expect((await refresh(server, online, token)).json["error"]).toBe("invalid_grant");
      }
      for (const token of [first.accessToken, String(next.json["access_token"])]) {
        expect(await userinfoStatus(server, token)).toBe(401);
        expect((await api(token)).status).toBe(401);
      }
    });
  });
}
