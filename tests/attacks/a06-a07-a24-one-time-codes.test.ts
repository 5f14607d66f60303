import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { overrideFor } from "../support/client-overrides.ts";
import { sentCode } from "../support/dev-mail.ts";
import { allowDirectFlows, flowStep, startFlow } from "../support/direct-flows.ts";
import { addOtp, addPasskey, addTotp, totpCode } from "../support/factors.ts";
import { hiddenInputs } from "../support/hidden-inputs.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { walk, type Walk } from "../support/interaction-pages.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";
import { passkeyOptionsOn } from "../support/passkey-page.ts";
import { rememberBrowsers, rememberedBrowser, type RememberedBrowser } from "../support/remembered-browser.ts";
import { askForTerms } from "../support/terms.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer({ env: { KODER_ID_TRUSTED_PROXIES: "127.0.0.1" } });
  client = await registerClient(server);
  await allowDirectFlows(server, client);
});
afterAll(() => server?.stop());

let made = 0;

/** A person who is sent codes by mail or by SMS, and the last one that they were sent. */
async function reachable(by: "mail" | "telephone") {
  const person = await createPerson(server);
  await rest(server, "PATCH", `/v1/users/${person.id}`, { email_verified: true });
  const { accessToken } = await tokensFor(server, client, person.username);
  const address = `${person.username}@koder.dev`;
  const phone = `+55119999${String((made += 1)).padStart(5, "0")}`;
  const last = await addOtp(server, accessToken, by === "mail" ? { email: address } : { phone });
  return { ...person, accessToken, to: by === "mail" ? address : phone, last };
}

/** A browser that has given the right password; from an address of its own. */
async function afterPassword(username: string) {
  const from = { "x-forwarded-for": `203.0.113.${(made += 1) % 250}` };
  const way: Walk = await walk(server, client);
  const response = await way.send({ username, password }, from);
  const html = await response.text();
  expect(response.status, html).toBe(200);
  const hidden = hiddenInputs(html);
  return { way, html, send: (fields: Readonly<Record<string, string>>) => way.send({ ...hidden, ...fields }, from) };
}

const otherThan = (code: string): string => (code === "000000" ? "000001" : "000000");

describe("A6: what an application learns", () => {
  test.each([
    { by: "mail", amr: ["pwd", "otp", "mfa"], shown: "person" },
    { by: "telephone", amr: ["pwd", "sms", "mfa"], shown: "••••" },
  ] as const)("of a code by $by is $amr; the page tells where it went in part only", async ({ by, amr }) => {
    const person = await reachable(by);
    const { way, html, send } = await afterPassword(person.username);
    expect(html).toContain("•••");
    expect(html).not.toContain(person.to);
    const code = await sentCode(server, person.to, person.last);
    const wrong = await send({ code: otherThan(code) });
    expect(wrong.status).toBe(401);
    expect((await send({ code: ` ${code.slice(0, 3)} ${code.slice(3)} ` })).status).toBe(303);
    const idToken = decodeJwt(String((await way.redeem())["id_token"]));
    expect(idToken).toMatchObject({ sub: person.id, amr, acr: "urn:koder:acr:mfa" });
  });

  test("no code is sent before the password was right, whoever asks", async () => {
    const person = await reachable("mail");
    const flow = await startFlow(server, client, person.username);
    const early = await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    expect(early.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const given = await flowStep(server, `/${flow}/password`, { password });
    expect(given.json["next_steps"]).toEqual(["FLOW_STEP_EMAIL_OTP"]);
    const other = await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_SMS" });
    expect(other.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const sent = await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    expect(sent.json).toMatchObject({ destination: `p•••@koder.dev` });
    const code = await sentCode(server, person.to, person.last);
    const done = await flowStep(server, `/${flow}/otp`, { code });
    expect(done.json).toMatchObject({ state: "FLOW_STATE_COMPLETED", login_handle: expect.stringMatching(/^klh_/) });
  });
});

describe("A6, A15, A16: an address that must be verified", () => {
  /** Somebody whose address is not verified, and a client that lets nobody in without. */
  async function unverified() {
    const [person, strict] = [await createPerson(server), await registerClient(server)];
    await overrideFor(server, strict, { direct_flows: true, verified_email_required: true });
    return { ...person, strict, address: `${person.username}@koder.dev` };
  }
  const userOf = async (id: string) => (await rest(server, "GET", `/v1/users/${id}`)).json;

  test("on the pages, without JavaScript: the code leads on, and a session of elsewhere is not enough", async () => {
    const { id, username, strict, address } = await unverified();
    // Signed in to another client, which is content without.
    const { browser } = await tokensFor(server, client, username);
    const way = await walk(server, strict, {}, browser);
    const asked = await way.send({ username, password });
    const html = await asked.text();
    expect(html).toContain("p•••");
    expect(html, "of the address only what is needed to know which it is").not.toContain(address);
    const hidden = hiddenInputs(html);
    const code = await sentCode(server, address);
    expect((await way.send({ ...hidden, email_code: otherThan(code) })).status).toBe(400);
    expect(await userOf(id)).not.toHaveProperty("email_verified", true);
    expect((await way.send({ ...hidden, email_code: code })).status).toBe(303);
    expect(decodeJwt(String((await way.redeem())["id_token"]))).toMatchObject({ sub: id, amr: ["pwd"] });
    expect(await userOf(id)).toMatchObject({ email: address, email_verified: true });
    const again = await walk(server, strict, {}, browser);
    expect(again.at().origin, "not asked again").not.toBe(server.url);
  });

  test("over REST: no step is a way around it, and nobody else's code does it", async () => {
    const [ana, eve] = [await unverified(), await unverified()];
    const flow = await startFlow(server, ana.strict, ana.username);
    expect((await flowStep(server, `/${flow}/email/send`, {})).json).toMatchObject({
      error: { reason: "STEP_NOT_EXPECTED" },
    });
    const after = (await flowStep(server, `/${flow}/password`, { password })).json;
    expect(after).toMatchObject({ state: "FLOW_STATE_PASSWORD_OK", next_steps: ["FLOW_STEP_VERIFY_EMAIL"] });
    for (const [step, body] of [
      ["password", { password }],
      ["new-password", { new_password: "another good pass phrase" }],
      ["totp", { code: "000000" }],
      ["recovery-code", { code: "AAAAA-AAAAA" }],
      ["otp", { code: "000000" }],
      ["otp/send", { channel: "OTP_CHANNEL_EMAIL" }],
      ["new-otp/send", { channel: "OTP_CHANNEL_EMAIL" }],
      ["new-otp", { code: "000000" }],
    ] as const) {
      expect((await flowStep(server, `/${flow}/${step}`, body)).json, step).toMatchObject({
        error: { reason: "STEP_NOT_EXPECTED" },
      });
    }
    // Whoever names another mailbox has the code sent to the account's own one.
    const { json } = await flowStep(server, `/${flow}/email/send`, { email: eve.address });
    expect(json).toMatchObject({ destination: "p•••@koder.dev" });
    const hers = await sentCode(server, ana.address);
    const other = await startFlow(server, eve.strict, eve.username);
    await flowStep(server, `/${other}/password`, { password });
    await flowStep(server, `/${other}/email/send`, {});
    const evesCode = await sentCode(server, eve.address);
    // By chance they are the same, once in a million.
    if (evesCode !== hers) {
      expect((await flowStep(server, `/${flow}/email`, { code: evesCode })).json).toMatchObject({
        error: { reason: "CODE_MISMATCH" },
      });
    }
    const done = await flowStep(server, `/${flow}/email`, { code: hers });
    expect(done.json).toMatchObject({ state: "FLOW_STATE_COMPLETED", login_handle: expect.stringMatching(/^klh_/) });
    expect(await userOf(eve.id)).not.toHaveProperty("email_verified", true);
    expect(await userOf(ana.id)).toMatchObject({ email: ana.address, email_verified: true });
  });

  test("whoever has none says one; somebody else's does not become theirs", async () => {
    const [ana, bob] = [await unverified(), await unverified()];
    expect((await rest(server, "PATCH", `/v1/users/${ana.id}`, { email: "" })).status).toBe(200);
    const flow = await startFlow(server, ana.strict, ana.username);
    await flowStep(server, `/${flow}/password`, { password });
    expect((await flowStep(server, `/${flow}/email/send`, {})).json).toMatchObject({
      error: { reason: "EMAIL_NEEDED" },
    });
    // The answer is that for any address: who has it is not told to whoever does not read it.
    const sent = await flowStep(server, `/${flow}/email/send`, { email: bob.address });
    expect(sent.json).toMatchObject({ destination: "p•••@koder.dev" });
    const code = await sentCode(server, bob.address);
    expect((await flowStep(server, `/${flow}/email`, { code })).json).toMatchObject({
      error: { reason: "EMAIL_TAKEN" },
    });
    const second = await startFlow(server, ana.strict, ana.username);
    await flowStep(server, `/${second}/password`, { password });
    const free = `free-${ana.username}@elsewhere.example`;
    await flowStep(server, `/${second}/email/send`, { email: free });
    const done = await flowStep(server, `/${second}/email`, { code: await sentCode(server, free) });
    expect(done.json).toMatchObject({ state: "FLOW_STATE_COMPLETED" });
    expect(await userOf(ana.id)).toMatchObject({ email: free, email_verified: true });
    expect(await userOf(bob.id)).toMatchObject({ email: bob.address });
  });
});

describe("A6, A15: the terms of the tenant", () => {
  const terms_uri = "https://koder.dev/terms";
  const policy = "/v1/admin/policies/authentication";
  beforeAll(() => askForTerms(server, { terms_version: "2026-11", terms_uri }));
  afterAll(() => askForTerms(server, { terms_version: "", terms_uri: "" }));
  async function before(username: string) {
    const way = await walk(server, client);
    const html = await (await way.send({ username, password })).text();
    expect(html).toContain(terms_uri);
    const form = hiddenInputs(html);
    const send = (fields: Readonly<Record<string, string>>) => way.send({ ...form, ...fields });
    return { way, form, send };
  }

  test("on the pages: whoever accepts goes on, is not asked again, and is asked about other ones; sessions do not outlive them", async () => {
    const { id, username } = await createPerson(server);
    const { way, send } = await before(username);
    expect((await send({ terms: "accept" })).status).toBe(303);
    expect(decodeJwt(String((await way.redeem())["id_token"]))).toMatchObject({ sub: id });
    const again = await walk(server, client, {}, way.browser);
    expect(again.at().origin).not.toBe(server.url);
    await askForTerms(server, { terms_version: "2026-12", terms_uri });
    expect((await walk(server, client, {}, way.browser)).at().pathname).toBe("/sign-in");
    const silent = await walk(server, client, { prompt: "none" }, way.browser);
    expect(silent.at().searchParams.get("error")).toBe("interaction_required");
    const { json } = await rest(server, "GET", policy);
    expect(json).toMatchObject({ terms_version: "2026-12" });
    await askForTerms(server, { terms_version: "2026-11", terms_uri });
    const archive = await rest(server, "POST", `/v1/users/${id}/export`, {});
    expect(JSON.stringify(archive.json)).toMatch(/auth_accepted_terms.*2026-11/);
  });

  test("whoever declines is not signed in, and the application is told so", async () => {
    const { username } = await createPerson(server);
    const { way, form, send } = await before(username);
    expect((await send({ terms: "decline" })).status).toBe(303);
    expect(way.at().searchParams.get("error")).toBe("access_denied");
    expect(way.at().searchParams.has("code")).toBe(false);
    expect((await walk(server, client, {}, way.browser)).at().pathname).toBe("/sign-in");
    const late = await way.browser.post(`${server.url}/sign-in`, { ...form, terms: "accept" });
    expect(late.status, "the request is over").toBe(404);
    expect((await walk(server, client, {}, way.browser)).at().pathname).toBe("/sign-in");
  });

  test("over REST: no step is a way around, other terms are not accepted, and a declined flow is over", async () => {
    const { username } = await createPerson(server);
    const started = async () => {
      const flow = await startFlow(server, client, username);
      const early = await flowStep(server, `/${flow}/terms`, { version: "2026-11" });
      expect(early.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
      const { json } = await flowStep(server, `/${flow}/password`, { password });
      expect(json).toMatchObject({
        state: "FLOW_STATE_PASSWORD_OK",
        next_steps: ["FLOW_STEP_ACCEPT_TERMS"],
        terms: { version: "2026-11", uri: terms_uri },
      });
      return flow;
    };
    const flow = await started();
    for (const [step, body] of [
      ["password", { password }],
      ["email", { code: "000000" }],
      ["new-password", { new_password: "another good pass phrase" }],
      ["totp", { code: "000000" }],
    ] as const) {
      expect((await flowStep(server, `/${flow}/${step}`, body)).json, step).toMatchObject({
        error: { reason: "STEP_NOT_EXPECTED" },
      });
    }
    for (const version of ["", "2026-10", "2026-11 "]) {
      expect((await flowStep(server, `/${flow}/terms`, { version })).json).toMatchObject({
        error: { reason: "TERMS_NOT_ACCEPTED" },
      });
    }
    const declined = await started();
    expect((await flowStep(server, `/${declined}/terms/decline`, {})).json).toMatchObject({
      state: "FLOW_STATE_FAILED",
    });
    expect((await flowStep(server, `/${declined}/terms`, { version: "2026-11" })).json).toMatchObject({
      error: { reason: "STEP_NOT_EXPECTED" },
    });
    const done = await flowStep(server, `/${flow}/terms`, { version: "2026-11" });
    expect(done.json).toMatchObject({ state: "FLOW_STATE_COMPLETED", login_handle: expect.stringMatching(/^klh_/) });
  });
});

describe("A6: codes that are added on the way", () => {
  /** Somebody without a second factor whose client asks for one. */
  async function withoutFactor() {
    const [person, strict] = [await createPerson(server), await registerClient(server)];
    expect((await rest(server, "PATCH", `/v1/users/${person.id}`, { email_verified: true })).status).toBe(200);
    const policy = await rest(server, "PATCH", "/v1/admin/policies/authentication", {
      client_overrides: [
        { client_id: client.clientId, direct_flows: true },
        { client_id: strict.clientId, direct_flows: true, mfa: "MFA_REQUIREMENT_REQUIRED" },
      ],
    });
    expect(policy.status, JSON.stringify(policy.json)).toBe(200);
    return { ...person, strict, phone: `+55119998${String((made += 1)).padStart(5, "0")}` };
  }

  test("on the pages, without JavaScript: by SMS, to a number as people type it", async () => {
    const { id, username, strict, phone } = await withoutFactor();
    const way = await walk(server, strict);
    const press = async (html: string, fields: Readonly<Record<string, string>>, status = 200) => {
      const answer = await way.send({ ...hiddenInputs(html), ...fields });
      const text = await answer.text();
      expect(answer.status, text).toBe(status);
      return text;
    };
    const enrolment = await press("", { username, password });
    for (const other of ["sms-otp", "email-otp"]) expect(enrolment).toContain(`name="new_way" value="${other}"`);
    const numberPage = await press(enrolment, { new_way: "sms-otp" });
    await press(numberPage, { new_way: "sms-otp", new_phone: "11 99999-0199" }, 400);
    const typed = `00${phone.slice(1, 3)} (${phone.slice(3, 5)}) ${phone.slice(5, 9)}-${phone.slice(9)}`;
    const codePage = await press(numberPage, { new_way: "sms-otp", new_phone: typed });
    expect(codePage).toContain(`••••\u00a0${phone.slice(-4)}`);
    const code = await sentCode(server, phone);
    const wrong = await press(codePage, { new_code: otherThan(code) }, 400);
    const soon = await press(wrong, { new_way: "sms-otp", again: "yes" }, 429);
    const done = await press(soon, { new_code: code });
    expect(done).toContain('class="codes"');
    // The page of the recovery codes leads on.
    expect((await way.send({ done: "recovery-codes" })).status).toBe(303);
    const idToken = decodeJwt(String((await way.redeem())["id_token"]));
    expect(idToken).toMatchObject({ sub: id, amr: ["pwd", "sms", "mfa"], acr: "urn:koder:acr:mfa" });
  });

  test("in flows outside of the pages: by mail; not before the password, nor by another channel's step", async () => {
    const { username, strict } = await withoutFactor();
    const flow = await startFlow(server, strict, username);
    const early = await flowStep(server, `/${flow}/new-otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    expect(early.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const given = await flowStep(server, `/${flow}/password`, { password });
    expect(given.json["next_steps"]).toContain("FLOW_STEP_ENROL_EMAIL_OTP");
    const noNumber = await flowStep(server, `/${flow}/new-otp/send`, { channel: "OTP_CHANNEL_SMS" });
    expect(noNumber.json).toMatchObject({ error: { violations: [{ field: "phone_number" }] } });
    const shown = await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    expect(shown.json, "nobody shows what they do not have").toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const sent = await flowStep(server, `/${flow}/new-otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    expect(sent.json).toMatchObject({ destination: "p•••@koder.dev" });
    const code = await sentCode(server, `${username}@koder.dev`);
    const asOther = await flowStep(server, `/${flow}/otp`, { code });
    expect(asOther.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const done = await flowStep(server, `/${flow}/new-otp`, { code });
    expect(done.json).toMatchObject({ state: "FLOW_STATE_COMPLETED", login_handle: expect.stringMatching(/^klh_/) });
    expect(done.json["recovery_codes"]).toHaveLength(10);
    const asked = await rest(server, "GET", `/v1/auth/flows/${flow}`, undefined, "");
    expect(asked.json["recovery_codes"], "they are shown this once").toEqual([]);
  });
});

describe("A6: an app or a passkey that is added outside of the pages", () => {
  /** A flow of somebody without a second factor, whose client asks for one. */
  async function atEnrolment() {
    const [person, strict] = [await createPerson(server), await registerClient(server)];
    await overrideFor(server, strict, { direct_flows: true, mfa: "MFA_REQUIREMENT_REQUIRED" });
    const flow = await startFlow(server, strict, person.username);
    const early = [
      await flowStep(server, `/${flow}/new-totp/begin`, {}),
      await flowStep(server, `/${flow}/new-totp`, { code: "000000" }),
      await rest(server, "GET", `/v1/auth/flows/${flow}/new-passkey`, undefined, ""),
    ];
    for (const { json } of early) expect(json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const { json } = await flowStep(server, `/${flow}/password`, { password });
    expect(json["next_steps"]).toEqual(expect.arrayContaining(["FLOW_STEP_ENROL_TOTP", "FLOW_STEP_ENROL_PASSKEY"]));
    return { ...person, strict, flow };
  }
  const completed = { state: "FLOW_STATE_COMPLETED", login_handle: expect.stringMatching(/^klh_/) };

  test("an app is added by a code of the secret that was given, counts as the second factor, and is asked for then", async () => {
    const { username, strict, flow } = await atEnrolment();
    const unbegun = await flowStep(server, `/${flow}/new-totp`, { code: "000000" });
    expect(unbegun.json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const begun = await flowStep(server, `/${flow}/new-totp/begin`, {});
    expect(begun.json).toMatchObject({
      otpauth_uri: expect.stringMatching(/^otpauth:/),
      qr_code_svg: expect.stringMatching(/^<svg/),
    });
    const secret = String(begun.json["secret"]);
    expect((await flowStep(server, `/${flow}/new-totp/begin`, {})).json["secret"], "the same one").toBe(secret);
    const code = totpCode(secret);
    const wrong = await flowStep(server, `/${flow}/new-totp`, { code: otherThan(code) });
    expect(wrong.json).toMatchObject({ error: { reason: "CODE_MISMATCH" } });
    const settled = await Promise.all(Array.from({ length: 4 }, () => flowStep(server, `/${flow}/new-totp`, { code })));
    const [done, ...others] = settled.filter(({ status }) => status === 200);
    expect(done?.json).toMatchObject(completed);
    expect(done?.json["recovery_codes"]).toHaveLength(10);
    expect(others, "once of several at once").toEqual([]);
    const next = await startFlow(server, strict, username);
    const { json } = await flowStep(server, `/${next}/password`, { password });
    expect(json).toMatchObject({ state: "FLOW_STATE_MFA_REQUIRED" });
    expect(json["next_steps"]).toEqual(["FLOW_STEP_TOTP", "FLOW_STEP_RECOVERY_CODE"]);
    expect((await flowStep(server, `/${next}/new-totp/begin`, {})).json).toMatchObject({
      error: { reason: "STEP_NOT_EXPECTED" },
    });
    const stolen = await flowStep(server, `/${next}/totp`, { code });
    expect(stolen.json, "A24: the code that added it is used up").toMatchObject({ error: { reason: "CODE_MISMATCH" } });
  });

  test("a passkey is added by what a flow asks of it, from a page that may ask, once", async () => {
    const { strict, username, flow } = await atEnrolment();
    const options = async (of: string) => {
      const { json } = await rest(server, "GET", `/v1/auth/flows/${of}/new-passkey`, undefined, "");
      return String(json["options_json"]);
    };
    const give = (of: string, credential_json: string) => flowStep(server, `/${of}/new-passkey`, { credential_json });
    const elsewhere = softwareAuthenticator({ origin: "https://evil.example" }).create(await options(flow));
    expect((await give(flow, elsewhere)).json).toMatchObject({ error: { reason: "PASSKEY_NOT_ACCEPTED" } });
    const other = await atEnrolment();
    const authenticator = softwareAuthenticator({ origin: server.url });
    const forOther = authenticator.create(await options(other.flow));
    expect((await give(flow, forOther)).json, "A24").toMatchObject({ error: { reason: "PASSKEY_NOT_ACCEPTED" } });
    const ofFlow = authenticator.create(await options(flow));
    const done = await give(flow, ofFlow);
    expect(done.json).toMatchObject(completed);
    expect(done.json["recovery_codes"]).toHaveLength(10);
    expect((await give(flow, ofFlow)).json).toMatchObject({ error: { reason: "STEP_NOT_EXPECTED" } });
    const next = await startFlow(server, strict, username);
    const { json } = await flowStep(server, `/${next}/password`, { password });
    expect(json["next_steps"]).toEqual(["FLOW_STEP_PASSKEY", "FLOW_STEP_RECOVERY_CODE"]);
  });
});

describe("A7: guesses", () => {
  test("at one code are five, however many come at once; the right code is none after them", async () => {
    const person = await reachable("mail");
    const flow = await startFlow(server, client, person.username);
    await flowStep(server, `/${flow}/password`, { password });
    await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_EMAIL" });
    const code = await sentCode(server, person.to, person.last);
    // From one address, which is not that of the other tests.
    const guess = async (guessed: string) => {
      const headers = { "content-type": "application/json", "x-forwarded-for": "192.0.2.77" };
      const body = JSON.stringify({ code: guessed });
      return (await fetch(`${server.url}/v1/auth/flows/${flow}/otp`, { method: "POST", headers, body })).status;
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => guess(otherThan(code))));
    expect(answers.filter((status) => status === 200)).toEqual([]);
    expect(await guess(code)).not.toBe(200);
  });

  test("a person is sent a few codes, and each must wait for the next", async () => {
    const person = await reachable("telephone");
    const { send } = await afterPassword(person.username);
    const again = await send({ way: "sms-otp" });
    expect(again.status).toBe(429);
    expect(Number(again.headers.get("retry-after"))).toBe(30);
  });
});

describe("A24: a code", () => {
  test("signs in once, of many who give it at once", async () => {
    const person = await reachable("mail");
    const { send } = await afterPassword(person.username);
    const code = await sentCode(server, person.to, person.last);
    const answers = await Promise.all(Array.from({ length: 4 }, () => send({ code })));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test("of one sign-in is none of another", async () => {
    const person = await reachable("mail");
    const first = await afterPassword(person.username);
    const code = await sentCode(server, person.to, person.last);
    const second = await afterPassword(person.username);
    const other = await sentCode(server, person.to, code);
    if (other !== code) expect((await second.send({ code })).status).toBe(401);
    expect((await first.send({ code })).status).toBe(303);
  });
});

test("A21, A29: no event has a code, an address or a telephone", async () => {
  const person = await reachable("telephone");
  const { send } = await afterPassword(person.username);
  const code = await sentCode(server, person.to, person.last);
  expect((await send({ code })).status).toBe(303);
  const { json } = await rest(server, "GET", "/v1/admin/audit?page_size=200");
  expect(JSON.stringify(json)).not.toContain(person.to.slice(1));
});

describe("a remembered browser", () => {
  /** What a sign-in comes to by the password alone; undefined where a code is asked for. */
  async function byPassword({ client: of, browser, username }: RememberedBrowser, parameters = {}, secret = password) {
    const way = await walk(server, of, { prompt: "login", ...parameters }, browser);
    const answer = await way.send({ username, password: secret });
    return answer.status === 303 ? decodeJwt(String((await way.redeem())["id_token"])) : undefined;
  }

  test("A6: is not asked, and the id token says that one factor was shown", async () => {
    const remembered = await rememberedBrowser(server);
    expect(await byPassword(remembered)).toMatchObject({ amr: ["pwd"], acr: "urn:koder:acr:1fa" });
  });

  test("is remembered beside a passkey as well, by the same tick", async () => {
    await rememberBrowsers(server, 7);
    const person = await createPerson(server);
    const { accessToken } = await tokensFor(server, client, person.username);
    const { authenticator } = await addPasskey(server, accessToken);
    for (const [tick, isRemembered] of [
      [{}, false],
      [{ remember: "yes" }, true],
    ] as const) {
      const { way, html, send } = await afterPassword(person.username);
      expect(html).toMatch(/<form[^>]*data-passkey[^]*name="remember"[^]*<\/form>/);
      const passkey = authenticator.get(passkeyOptionsOn(html));
      expect((await send({ passkey, ...tick })).status).toBe(303);
      const known = { ...person, client, browser: way.browser, accessToken, deviceId: "" };
      expect((await byPassword(known)) !== undefined).toBe(isRemembered);
    }
  });

  test("A15: is asked where the client wants two factors, and so is a copy of no cookie", async () => {
    const remembered = await rememberedBrowser(server);
    expect(await byPassword(remembered, { acr_values: "urn:koder:acr:mfa" })).toBeUndefined();
    expect(await byPassword({ ...remembered, browser: httpBrowser() })).toBeUndefined();
    // Of somebody else in the same browser nothing is remembered.
    const other = await rememberedBrowser(server);
    expect(await byPassword({ ...other, browser: remembered.browser })).toBeUndefined();
  });

  test("A3: is forgotten with the password, with a factor more, and by its person", async () => {
    const changed = "another good pass phrase";
    const first = await rememberedBrowser(server);
    await rest(server, "POST", `/v1/users/${first.id}/password`, { password: changed });
    expect(await byPassword(first, {}, changed)).toBeUndefined();
    const second = await rememberedBrowser(server);
    await addTotp(server, second.accessToken);
    expect(await byPassword(second)).toBeUndefined();
    const third = await rememberedBrowser(server);
    const path = `/v1/users/me/mfa/devices/${third.deviceId}`;
    expect((await rest(server, "DELETE", path, undefined, second.accessToken)).status).toBe(404);
    expect((await rest(server, "DELETE", path, undefined, third.accessToken)).status).toBe(200);
    expect(await byPassword(third)).toBeUndefined();
  });

  test("is none once the tenant remembers none", async () => {
    const remembered = await rememberedBrowser(server);
    await rememberBrowsers(server, 0);
    await expect.poll(async () => byPassword(remembered), { timeout: 10_000 }).toBeUndefined();
  });
});
