import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allowDirectFlows, flowStep, pushWithHandle, startFlow } from "../support/direct-flows.ts";
import { addPasskey, beginPasskey, finishPasskey } from "../support/factors.ts";
import { walk, type Walk } from "../support/interaction-pages.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { passkeyOptionsOn } from "../support/passkey-page.ts";
import { mostLookedAt } from "../support/looked-at.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type Instance,
  type RelyingParty,
} from "../support/relying-party.ts";
import type { RunningServer } from "../support/server.ts";
import { onSharedPortsAndPostgres } from "../support/shapes.ts";
import { softwareAuthenticator, type Making, type Otherwise } from "../support/software-authenticator.ts";
import { createTenant } from "../support/tenants.ts";
import type { Cbor } from "../support/cbor.ts";

// Two processes on one PostgreSQL: what is good once is good once among all of them.

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  resolveLocalNames();
  server = await onSharedPortsAndPostgres.start({ KODER_ID_TRUSTED_PROXIES: "127.0.0.1" });
  client = await registerClient(server);
  await allowDirectFlows(server, client);
});
afterAll(() => server?.stop());

/** Somebody with a passkey. */
async function keyed(making: Partial<Making> = {}, at: Instance = server, by = client) {
  const person = await createPerson(at);
  const { accessToken } = await tokensFor(at, by, person.username);
  return { ...person, accessToken, ...(await addPasskey(at, accessToken, making)) };
}

let address = 0;
/** An address of its own, so that nobody waits for what another test did. */
const elsewhere = () => ({ "x-forwarded-for": `198.51.100.${(address += 1) % 250}` });

/** A browser before the sign-in page, and what that asks a passkey by. */
async function atSignIn(): Promise<{
  readonly way: Walk;
  readonly options: string;
  readonly give: (passkey: string) => Promise<Response>;
}> {
  const way = await walk(server, client);
  const from = elsewhere();
  return {
    way,
    options: passkeyOptionsOn((await way.page()).html),
    give: (passkey) => way.send({ passkey }, from),
  };
}

const isSignedIn = ({ browser }: Walk) => browser.cookies.has("koder_session");
const idTokenOf = async (way: Walk) => decodeJwt(String((await way.redeem())["id_token"]));

/** A flow of the client, what it asks a passkey by, and what it says to one. */
async function flow(username: string, at: Instance = server, by = client) {
  const id = await startFlow(at, by, username);
  const asked = await rest(at, "GET", `/v1/auth/flows/${id}/passkey`, undefined, "");
  expect(asked.status, JSON.stringify(asked.json)).toBe(200);
  return {
    id,
    options: String(asked.json["options_json"]),
    give: (credential_json: string) => flowStep(at, `/${id}/passkey`, { credential_json }),
  };
}

const notAccepted = { status: 400, json: { error: { reason: "PASSKEY_NOT_ACCEPTED" } } };

describe("A6: a passkey is two factors where its user was verified, and says so", () => {
  test("on the page, without a name", async () => {
    const { id, authenticator } = await keyed({ backupEligible: true, backedUp: true });
    const { way, options, give } = await atSignIn();
    expect((await give(authenticator.get(options))).status).toBe(303);
    expect(await idTokenOf(way)).toMatchObject({ sub: id, amr: ["swk", "user", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("outside of the pages, up to the tokens", async () => {
    const { id, authenticator } = await keyed();
    const { options, give } = await flow("");
    const { json } = await give(authenticator.get(options));
    expect(json).toMatchObject({ state: "FLOW_STATE_COMPLETED" });
    expect((await pushWithHandle(server, client, String(json["login_handle"]))).status).toBe(201);
    expect((await rest(server, "GET", `/v1/users/${id}/mfa`)).json).toMatchObject({
      factors: [{ type: "FACTOR_TYPE_PASSKEY", last_use_time: expect.stringMatching(/^20/) }],
    });
  });

  test("a security key without a PIN is none in the place of the password, and the second one after it", async () => {
    const { username, authenticator } = await keyed({ verifiesUser: false });
    const first = await flow(username);
    expect(await first.give(authenticator.get(first.options))).toMatchObject(notAccepted);
    expect(await flowStep(server, `/${first.id}/password`, { password })).toMatchObject({
      json: { state: "FLOW_STATE_MFA_REQUIRED", next_steps: ["FLOW_STEP_PASSKEY"] },
    });
    const asked = await rest(server, "GET", `/v1/auth/flows/${first.id}/passkey`, undefined, "");
    const options = String(asked.json["options_json"]);
    expect(await first.give(authenticator.get(first.options)), "asked at the step before").toMatchObject(notAccepted);
    expect((await first.give(authenticator.get(options))).json).toMatchObject({ state: "FLOW_STATE_COMPLETED" });
  });
});

describe("what a passkey answers is what was asked, for us, by our page", () => {
  test.each<[string, Otherwise]>([
    ["a page of another origin asked", { origin: "https://evil.example" }],
    ["a page of the same host on another port asked", { origin: "http://localhost:1" }],
    ["a page of another origin has ours in a frame", { crossOrigin: true }],
    ["it is for another relying party", { rpId: "evil.example" }],
    ["it signed another challenge", { challenge: Buffer.from("chosen by the attacker").toString("base64url") }],
    ["it was made for another purpose", { type: "webauthn.create" }],
    ["its user was not there", { userPresent: false }],
    ["its user was not verified", { userVerified: false }],
    ["it says that it is somebody else's", { userHandle: "01JZZZZZZZZZZZZZZZZZZZZZZZ" }],
    ["the signature is of something else", { forged: true }],
  ])("refused: %s", async (_how, otherwise) => {
    const { authenticator, username } = await keyed();
    const { way, options, give } = await atSignIn();
    const answer = await give(authenticator.get(options, otherwise));
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain("passkey didn&#39;t work here");
    expect(isSignedIn(way)).toBe(false);
    const direct = await flow(username);
    expect(await direct.give(authenticator.get(direct.options, otherwise))).toMatchObject(notAccepted);
    // It was asked for nothing that is used up.
    expect((await give(authenticator.get(options))).status).toBe(303);
  });

  test("A17: a certificate that names an address is refused with the passkey, and nobody fetches anything", async () => {
    const person = await createPerson(server);
    const { accessToken } = await tokensFor(server, client, person.username);
    const { factorId, optionsJson } = await beginPasskey(server, accessToken);
    const statement = new Map<string, Cbor>([
      ["alg", -7],
      ["sig", Buffer.alloc(70)],
      ["x5c", [Buffer.from("http://127.0.0.1:1/revoked.crl")]],
    ]);
    for (const format of ["packed", "fido-u2f", "tpm", "apple", "android-key", "android-safetynet"]) {
      const authenticator = softwareAuthenticator({ origin: server.url });
      const made = authenticator.create(optionsJson, { attestation: { format, statement } });
      expect(await finishPasskey(server, accessToken, factorId, made), format).toMatchObject(notAccepted);
    }
  });
});

describe("A24: what was asked is good once", () => {
  test("of 20 at once, in two processes, one signs in; nothing does afterwards", async () => {
    const { authenticator } = await keyed();
    const { way, options } = await atSignIn();
    const signed = Array.from({ length: 20 }, () => authenticator.get(options));
    const answers = await Promise.all(signed.map((passkey) => way.send({ passkey }, elsewhere())));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    const later = await walk(server, client, { prompt: "login" }, way.browser);
    // Those that were refused have counted: whether this one is looked at depends on which of them came last.
    const { status } = await later.send({ passkey: authenticator.get(options) }, elsewhere());
    expect([401, 429]).toContain(status);
  });

  test("in a flow as well; and what signed in one is nothing in another", async () => {
    const { username, authenticator } = await keyed();
    const [one, two] = [await flow(username), await flow(username)];
    const signed = authenticator.get(one.options);
    expect(await two.give(signed)).toMatchObject(notAccepted);
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.give(signed)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await one.give(authenticator.get(one.options))).json["error"]).toMatchObject({
      reason: "STEP_NOT_EXPECTED",
    });
  });

  test("A2, A26: what one browser was asked signs no other in", async () => {
    const { authenticator } = await keyed();
    const [attacker, victim] = [await atSignIn(), await atSignIn()];
    const answer = await victim.give(authenticator.get(attacker.options));
    expect(answer.status).toBe(401);
    expect(isSignedIn(victim.way)).toBe(false);
  });

  test("a counter that goes back is refused, and told of", async () => {
    const { factorId, accessToken, authenticator } = await keyed();
    const first = await flow("");
    expect((await first.give(authenticator.get(first.options, { counter: 9 }))).status).toBe(200);
    for (const counter of [9, 1, 0]) {
      const next = await flow("");
      expect(await next.give(authenticator.get(next.options, { counter }))).toMatchObject(notAccepted);
    }
    const { json } = await rest(server, "GET", "/v1/me/mfa", undefined, accessToken);
    expect(json["factors"]).toMatchObject([{ passkey: { counter_fell_time: expect.stringMatching(/^20/) } }]);
    const query = `type=passkey_counter_fell&resource_id=${factorId}`;
    const told = async () => (await rest(server, "GET", `/v1/admin/audit?${query}`)).json["events"];
    await expect.poll(told, { timeout: 10_000 }).toHaveLength(3);
  });
});

describe("A14: whose passkey it is", () => {
  test("one person's is nothing in another's flow, nor to rename or remove", async () => {
    const [mine, theirs] = [await keyed(), await keyed()];
    const { options, give } = await flow(theirs.username);
    expect(await give(mine.authenticator.get(options))).toMatchObject(notAccepted);
    const path = `/v1/me/mfa/${theirs.factorId}`;
    for (const [method, body] of [["PATCH", { display_name: "Mine" }] as const, ["DELETE", undefined] as const]) {
      expect((await rest(server, method, path, body, mine.accessToken)).json["error"]).toMatchObject({
        reason: "FACTOR_NOT_FOUND",
      });
    }
  });

  test("one tenant's is nothing in another", async () => {
    const { host } = await createTenant(server);
    const other: Instance = { url: `http://${host}`, adminApiKey: server.adminApiKey };
    const theirClient = await registerClient(other);
    await allowDirectFlows(other, theirClient);
    const theirs = await keyed({}, other, theirClient);
    const mine = await keyed();
    const [here, there] = [await flow(""), await flow("", other, theirClient)];
    expect(JSON.parse(here.options)).toMatchObject({ rpId: "localhost" });
    expect(JSON.parse(there.options)).toMatchObject({ rpId: host.split(":")[0] });
    // No authenticator signs for another relying party; whoever has its key can.
    const forThere = JSON.stringify({ ...(JSON.parse(there.options) as object), rpId: "localhost" });
    const otherwise = { rpId: host.split(":")[0] ?? "", origin: other.url };
    expect(await there.give(mine.authenticator.get(forThere, otherwise))).toMatchObject(notAccepted);
    expect((await there.give(theirs.authenticator.get(there.options))).status).toBe(200);
    expect((await here.give(mine.authenticator.get(here.options))).status).toBe(200);
  });
});

describe("A8: nobody comes in who may not", () => {
  test("a person who was disabled, or whose factors were reset, is not signed in by their passkey", async () => {
    const person = await keyed();
    const { options, give, way } = await atSignIn();
    expect((await rest(server, "PATCH", `/v1/users/${person.id}`, { status: "USER_STATUS_DISABLED" })).status).toBe(
      200,
    );
    expect((await give(person.authenticator.get(options))).status).toBe(401);
    expect((await rest(server, "PATCH", `/v1/users/${person.id}`, { status: "USER_STATUS_ACTIVE" })).status).toBe(200);
    expect((await rest(server, "DELETE", `/v1/users/${person.id}/mfa`)).status).toBe(200);
    expect((await give(person.authenticator.get(options))).status).toBe(401);
    expect(isSignedIn(way)).toBe(false);
  });

  test("between the password and the passkey, too", async () => {
    const person = await keyed();
    const { id } = await flow(person.username);
    expect((await flowStep(server, `/${id}/password`, { password })).status).toBe(200);
    const asked = await rest(server, "GET", `/v1/auth/flows/${id}/passkey`, undefined, "");
    await rest(server, "PATCH", `/v1/users/${person.id}`, { status: "USER_STATUS_DISABLED" });
    const credential_json = person.authenticator.get(String(asked.json["options_json"]));
    expect((await flowStep(server, `/${id}/passkey`, { credential_json })).json["error"]).toMatchObject({
      reason: "STEP_NOT_EXPECTED",
    });
  });
});

describe("A23: nothing tells who has a passkey", () => {
  test("every page and every flow asks for the same before the first factor", async () => {
    const person = await keyed();
    const without = await createPerson(server);
    const asked = [];
    for (const name of [person.username, without.username, "nobody-has-this-name", ""]) {
      asked.push((await flow(name)).options);
    }
    asked.push((await atSignIn()).options);
    const [one, ...others] = asked.map((options) => ({ ...(JSON.parse(options) as object), challenge: "" }));
    expect(one).toMatchObject({ allowCredentials: [], userVerification: "required" });
    for (const other of others) expect(other).toEqual(one);
  });

  test("a wrong passkey has one answer, whoever the name belongs to", async () => {
    const [person, stranger] = [await keyed(), await keyed()];
    const answers = [];
    for (const name of [person.username, "nobody-has-this-name"]) {
      const { options, give } = await flow(name);
      const { status, json } = await give(stranger.authenticator.get(options));
      const { id: _id, ...error } = json["error"] as Record<string, unknown>;
      answers.push({ status, error });
    }
    expect(answers[0]).toEqual(answers[1]);
  });
});

describe("A7: attempts are counted before they are verified", () => {
  test("of 40 forged at once five are looked at; then the right one waits, too", async () => {
    const { authenticator } = await keyed();
    const flows = [];
    for (let i = 0; i < 40; i++) flows.push(await flow(""));
    const began = performance.now();
    const answers = await Promise.all(
      flows.map(({ options, give }) => give(authenticator.get(options, { forged: true }))),
    );
    const most = mostLookedAt(performance.now() - began);
    expect(answers.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(most);
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThanOrEqual(40 - most);
    const [last] = flows;
    // The wait that begins with one more is longer than what comes then.
    const forged = async () => (await last?.give(authenticator.get(last.options, { forged: true })))?.status;
    await expect.poll(forged, { timeout: 60_000, interval: 200 }).toBe(400);
    const right = await last?.give(authenticator.get(last.options));
    expect(right?.status).toBe(429);
  });
});

describe("A15: what the tenant says holds at every door", () => {
  const policy = (change: Record<string, unknown>) =>
    rest(server, "PATCH", "/v1/admin/policies/authentication", change);
  const document = async () => (await fetch(`${server.url}/.well-known/webauthn`)).json() as Promise<unknown>;

  test("which other pages may ask: they are told to browsers, and ask in flows outside of our pages alone", async () => {
    const [ours, theirs] = ["http://app.localhost:3000", "https://evil.example"];
    const { authenticator, accessToken } = await keyed();
    expect(await document()).toMatchObject({ error: { reason: "NOT_FOUND" } });
    const wrong = await policy({ passkey_related_origins: [`${ours}/path`] });
    expect(wrong.json["error"]).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
    expect((await policy({ passkey_related_origins: [ours] })).status).toBe(200);
    const bothKnow = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, document));
      return answers.every((answer) => JSON.stringify(answer) === JSON.stringify({ origins: [ours] }));
    };
    await expect.poll(bothKnow, { timeout: 10_000 }).toBe(true);
    const stranger = await flow("");
    expect(await stranger.give(authenticator.get(stranger.options, { origin: theirs }))).toMatchObject(notAccepted);
    expect((await stranger.give(authenticator.get(stranger.options, { origin: ours }))).status).toBe(200);
    const page = await atSignIn();
    expect((await page.give(authenticator.get(page.options, { origin: ours }))).status).toBe(401);
    const { factorId, optionsJson } = await beginPasskey(server, accessToken);
    const made = softwareAuthenticator({ origin: ours }).create(optionsJson);
    expect((await finishPasskey(server, accessToken, factorId, made)).status).toBe(200);
    await policy({ passkey_related_origins: [] });
  });

  test("which apps may ask: by their certificates alone, in flows outside of our pages alone, as Android is told", async () => {
    const [ours, theirs] = ["AB", "CD"].map((byte) => Array.from({ length: 32 }, () => byte).join(":")) as [
      string,
      string,
    ];
    const originOf = (fingerprint: string) =>
      `android:apk-key-hash:${Buffer.from(fingerprint.replaceAll(":", ""), "hex").toString("base64url")}`;
    const links = async () => (await fetch(`${server.url}/.well-known/assetlinks.json`)).json() as Promise<unknown>;
    const { authenticator, accessToken } = await keyed();
    expect(await links()).toMatchObject({ error: { reason: "NOT_FOUND" } });
    for (const wrong of [
      { package_name: "dev koder", sha256_cert_fingerprints: [ours] },
      { package_name: "app", sha256_cert_fingerprints: [ours] },
      { package_name: "dev.koder.app", sha256_cert_fingerprints: [] },
      { package_name: "dev.koder.app", sha256_cert_fingerprints: [originOf(ours)] },
      { package_name: "dev.koder.app", sha256_cert_fingerprints: [`${ours}:AB`] },
    ]) {
      expect((await policy({ passkey_android_apps: [wrong] })).status, JSON.stringify(wrong)).toBe(400);
    }
    const app = { package_name: "dev.koder.app", sha256_cert_fingerprints: [ours.toLowerCase()] };
    const twice = await policy({ passkey_android_apps: [app, app] });
    expect(twice.json["error"]).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
    expect((await policy({ passkey_android_apps: [app] })).status).toBe(200);
    const told = [
      {
        relation: ["delegate_permission/common.get_login_creds"],
        target: { namespace: "android_app", ...app, sha256_cert_fingerprints: [ours] },
      },
    ];
    const bothKnow = async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, links));
      return answers.every((answer) => JSON.stringify(answer) === JSON.stringify(told));
    };
    await expect.poll(bothKnow, { timeout: 10_000 }).toBe(true);
    const stranger = await flow("");
    // Neither another certificate, nor what only looks like ours.
    for (const origin of [originOf(theirs), `${originOf(ours)}=`, ` ${originOf(ours)}`, "android:apk-key-hash:"]) {
      const forged = authenticator.get(stranger.options, { origin });
      expect(await stranger.give(forged), origin).toMatchObject(notAccepted);
    }
    expect((await stranger.give(authenticator.get(stranger.options, { origin: originOf(ours) }))).status).toBe(200);
    const page = await atSignIn();
    expect((await page.give(authenticator.get(page.options, { origin: originOf(ours) }))).status).toBe(401);
    const { factorId, optionsJson } = await beginPasskey(server, accessToken);
    const made = softwareAuthenticator({ origin: originOf(ours) }).create(optionsJson);
    expect((await finishPasskey(server, accessToken, factorId, made)).status).toBe(200);
    await policy({ passkey_android_apps: [] });
  });

  test("whether passkeys must verify their user: then a key that cannot is neither added nor taken", async () => {
    const before = await keyed({ verifiesUser: false });
    const strict = { passkey_user_verification: "PASSKEY_USER_VERIFICATION_REQUIRED" };
    expect((await policy(strict)).json).toMatchObject(strict);
    const asked = async () => {
      const { optionsJson } = await beginPasskey(server, before.accessToken);
      return optionsJson.includes('"userVerification":"required"');
    };
    await expect.poll(async () => (await Promise.all([asked(), asked(), asked()])).every(Boolean)).toBe(true);
    const { factorId, optionsJson } = await beginPasskey(server, before.accessToken);
    const made = softwareAuthenticator({ origin: server.url, verifiesUser: false }).create(optionsJson);
    expect(await finishPasskey(server, before.accessToken, factorId, made)).toMatchObject(notAccepted);
    const { id } = await flow(before.username);
    expect((await flowStep(server, `/${id}/password`, { password })).status).toBe(200);
    const second = await rest(server, "GET", `/v1/auth/flows/${id}/passkey`, undefined, "");
    const options = String(second.json["options_json"]);
    expect(JSON.parse(options)).toMatchObject({ userVerification: "required" });
    const unverified = { credential_json: before.authenticator.get(options) };
    expect(await flowStep(server, `/${id}/passkey`, unverified)).toMatchObject(notAccepted);
    const verified = { credential_json: before.authenticator.get(options, { userVerified: true }) };
    expect((await flowStep(server, `/${id}/passkey`, verified)).status).toBe(200);
  });
});
