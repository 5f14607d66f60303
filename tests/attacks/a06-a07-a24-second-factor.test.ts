import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addTotp, recoveryCodes, totpCode } from "../support/factors.ts";
import { hiddenInputs } from "../support/hidden-inputs.ts";
import { walk, type Walk } from "../support/interaction-pages.ts";
import { mostLookedAt } from "../support/looked-at.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer({ env: { KODER_ID_TRUSTED_PROXIES: "127.0.0.1" } });
  client = await registerClient(server);
});
afterAll(() => server?.stop());

/** A person with an authenticator app and recovery codes, and the token by which they got them. */
async function careful() {
  const person = await createPerson(server);
  const { accessToken, idToken } = await tokensFor(server, client, person.username);
  const { factorId, secret } = await addTotp(server, accessToken);
  return { ...person, accessToken, idToken, factorId, secret, codes: await recoveryCodes(server, accessToken) };
}

let address = 0;

/** A browser that has given the right password and stands before the second factor; from an address of its own. */
async function afterPassword(username: string) {
  const from = { "x-forwarded-for": `198.51.100.${(address += 1) % 250}` };
  const way: Walk = await walk(server, client);
  const response = await way.send({ username, password }, from);
  const html = await response.text();
  expect(response.status, html).toBe(200);
  const hidden = hiddenInputs(html);
  return {
    way,
    html,
    send: (fields: Readonly<Record<string, string>>) => way.send({ ...hidden, ...fields }, from),
  };
}

const idTokenOf = async (way: Walk) => decodeJwt(String((await way.redeem())["id_token"]));

describe("A6: tokens are issued after both factors, and say so", () => {
  test("the password alone gives no session and no code; with the app's code the id token names both", async () => {
    const person = await careful();
    expect(decodeJwt(person.idToken)).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
    const { way, html, send } = await afterPassword(person.username);
    expect(html).toContain('name="code"');
    expect(way.browser.cookies.has("koder_session")).toBe(false);
    // The authorization that waits is asked for anew: there is nobody whom it would do with.
    expect((await way.page()).path).toBe("/sign-in");
    expect((await send({ code: totpCode(person.secret) })).status).toBe(303);
    expect(await idTokenOf(way)).toMatchObject({
      sub: person.id,
      amr: ["pwd", "otp", "mfa"],
      acr: "urn:koder:acr:mfa",
    });
  });

  test("a recovery code does as well, on a page without JavaScript", async () => {
    const person = await careful();
    const { way, send } = await afterPassword(person.username);
    const asked = await send({ way: "recovery-code" });
    expect(asked.status).toBe(200);
    expect(await asked.text()).toContain('name="way" value="recovery-code"');
    const answer = await send({ way: "recovery-code", code: person.codes[0]?.toLowerCase() ?? "" });
    expect(answer.status).toBe(303);
    expect(await idTokenOf(way)).toMatchObject({ amr: ["pwd", "otp", "mfa"] });
    const { json } = await rest(server, "GET", "/v1/users/me/mfa", undefined, person.accessToken);
    expect(json).toMatchObject({ factors: [{ type: "FACTOR_TYPE_TOTP" }], recovery_codes_left: 9 });
  });

  test("a code without the password of its flow is nothing", async () => {
    const person = await careful();
    const { send } = await afterPassword(person.username);
    expect((await send({ flow: "AAAAAAAAAAAAAAAAAAAAAA", code: totpCode(person.secret) })).status).toBe(404);
    const stranger = await walk(server, client);
    expect((await stranger.send({ flow: "none", code: totpCode(person.secret) })).status).toBe(404);
  });
});

describe("A24: a code is good once", () => {
  test("of ten browsers at once one is signed in by a code of the app, and one by a recovery code", async () => {
    for (const way of ["totp", "recovery-code"]) {
      // Somebody else each time: the nine that were refused make their person wait.
      const person = await careful();
      const fields = way === "totp" ? { code: totpCode(person.secret) } : { way, code: person.codes[0] ?? "" };
      const browsers = [];
      for (let i = 0; i < 10; i++) browsers.push(await afterPassword(person.username));
      const answers = await Promise.all(browsers.map(({ send }) => send(fields)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 303)).toHaveLength(1);
      expect(statuses.filter((status) => status !== 303 && status !== 401 && status !== 429)).toEqual([]);
    }
  });
});

describe("A7: guesses are counted before they are verified", () => {
  test("of 40 at once over as many addresses five are looked at; then the right code waits, too", async () => {
    const person = await careful();
    const browsers = [];
    for (let i = 0; i < 40; i++) browsers.push(await afterPassword(person.username));
    const began = performance.now();
    const statuses = await Promise.all(
      browsers.map(async ({ send }, n) => (await send({ code: String(n).padStart(6, "0") })).status),
    );
    const most = mostLookedAt(performance.now() - began);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(most);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(40 - most);
    // The wait that begins with one more is longer than what comes then.
    const [first] = browsers;
    const wrong = async () => (await first?.send({ code: "000000" }))?.status;
    await expect.poll(wrong, { timeout: 60_000, interval: 200 }).toBe(401);
    const right = await browsers[1]?.send({ code: totpCode(person.secret) });
    expect(right?.status).toBe(429);
  });
});

describe("A14, A15: whose factors they are", () => {
  test("a person reaches their own only; an administrator resets, but adds none for anybody", async () => {
    const [person, other] = [await careful(), await createPerson(server)];
    const token = (await tokensFor(server, client, other.username)).accessToken;
    const call = async (method: string, path: string, credential?: string) =>
      (await rest(server, method, `/v1/users/${person.id}/mfa${path}`, method === "POST" ? {} : undefined, credential))
        .status;
    expect(await call("GET", "", token)).toBe(403);
    expect(await call("DELETE", "", token)).toBe(403);
    expect(await call("DELETE", `/${person.factorId}`, token)).toBe(403);
    for (const path of ["/totp", "/recovery-codes"]) {
      expect(await call("POST", path, token)).toBe(403);
      expect(await call("POST", path)).toBe(403);
    }
    expect(await call("DELETE", "")).toBe(200);
    const { way } = { way: await walk(server, client) };
    await way.signIn(person.username);
    expect(await idTokenOf(way)).toMatchObject({ amr: ["pwd"] });
  });
});
