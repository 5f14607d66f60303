import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSignInPage } from "../faults/crash/sign-in-page.ts";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { walk } from "../support/interaction-pages.ts";
import { startMailServer, type MailServer } from "../support/mail-server.ts";
import { createPerson, registerClient, rest, tokensFor, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// With a real mail server behind the real one: the link is what stands in the mail.

const secret = "another good pass phrase";
let mail: MailServer;
let server: RunningServer;
let client: RelyingParty;
let made = 0;
const fresh = () => `new-person-${(made += 1)}@koder.dev`;
const allow = (allowed: boolean) => changeAuthenticationPolicy(server, { sign_up_allowed: allowed });
beforeAll(async () => {
  mail = await startMailServer();
  server = await startServer({ env: { KODER_ID_SMTP_URL: mail.url, KODER_ID_MAIL_FROM: "Acme <no-reply@acme.test>" } });
  client = await registerClient(server);
  await allow(true);
});
afterAll(async () => {
  await server?.stop();
  await mail?.stop();
});

const ask = (email: string) => rest(server, "POST", "/v1/auth/sign-up", { email }, "");
const confirm = (token: string, password = secret) =>
  rest(server, "POST", "/v1/auth/sign-up/confirm", { token, name: "Somebody", password }, "");
const tokenFor = async (email: string) => (await mail.linkFor(email)).searchParams.get("token") ?? "";

/** Whether a name and a password sign in. */
const signsIn = async (username: string, password: string) =>
  (await (await openSignInPage(server, client)).send({ username, password })).status === 303;

describe("A4: hosts in a request", () => {
  test("never reach the link of a sign-up", async () => {
    const email = fresh();
    const response = await fetch(`${server.url}/v1/auth/sign-up`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-forwarded-host": "evil.example",
        forwarded: "host=evil.example;proto=https",
        origin: "https://evil.example",
      },
      body: JSON.stringify({ email }),
    });
    expect(response.status).toBe(200);
    expect((await mail.linkFor(email)).origin).toBe(server.url);
    expect(mail.mails.filter(({ text }) => text.includes("evil"))).toEqual([]);
  });
});

describe("A16: an account that somebody else prepared", () => {
  test("is there for nobody before the mailbox was proven, and keeps no password of who asked", async () => {
    const email = fresh();
    expect((await ask(email)).status).toBe(200);
    const { json } = await rest(server, "GET", `/v1/users?email=${encodeURIComponent(email)}`);
    expect(json["users"] ?? []).toEqual([]);
    expect(await signsIn(email, secret)).toBe(false);
    expect((await confirm(await tokenFor(email))).status).toBe(200);
    expect(await signsIn(email, secret)).toBe(true);
  });

  test("a link of a stranger does not sign anybody in elsewhere to the stranger's account", async () => {
    const email = fresh();
    // The stranger asks in their own browser, in which an application waits, and sends the link to somebody.
    const stranger = await walk(server, client);
    const authorization = stranger.at().searchParams.get("authorization") ?? "";
    expect((await stranger.browser.post(`${server.url}/sign-up`, { authorization, email })).status).toBe(200);
    const victim = httpBrowser();
    const done = await victim.post(`${server.url}/sign-up`, { token: await tokenFor(email), new_password: secret });
    expect(done.status).toBe(200);
    expect([...victim.cookies.keys()].filter((name) => name.includes("session"))).toEqual([]);
  });
});

describe("A24: a link", () => {
  test("is good once, however many send it at once, and opening it uses nothing up", async () => {
    const email = fresh();
    await ask(email);
    const link = await mail.linkFor(email);
    for (let i = 0; i < 3; i++) expect((await fetch(link)).status).toBe(200);
    const token = link.searchParams.get("token") ?? "";
    expect((await confirm(token, "too short")).json).toMatchObject({ error: { reason: "PASSWORD_NOT_ALLOWED" } });
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => confirm(token, `${secret} ${i}`)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await confirm(token)).json).toMatchObject({ error: { reason: "SIGN_UP_TOKEN_INVALID" } });
    expect((await fetch(link)).status).toBe(400);
  });
});

describe("A23: whether anybody has an address", () => {
  test("is told by no answer, of the API and of the page; only its own mail says so", async () => {
    const { username } = await createPerson(server);
    const [known, unknown] = [`${username}@koder.dev`, fresh()];
    const api = async (email: string) => {
      const { status, json } = await ask(email);
      return [status, JSON.stringify(json)];
    };
    expect(await api(unknown)).toEqual(await api(known));
    const page = async (email: string) => {
      const response = await httpBrowser().post(`${server.url}/sign-up`, { email, authorization: "" });
      return [response.status, (await response.text()).replaceAll(email, "ADDRESS"), [...response.headers.keys()]];
    };
    expect(await page(unknown)).toEqual(await page(known));
    const toKnown = () => mail.mails.filter(({ to }) => to.includes(known));
    await expect.poll(() => toKnown().length, { timeout: 20_000 }).toBe(2);
    for (const { text } of toKnown()) {
      expect(text).toContain("You have an account already");
      expect(text).not.toContain("token=");
    }
  });
});

describe("an invitation", () => {
  const invite = async (asked: Record<string, unknown>, credential?: string) =>
    rest(server, "POST", "/v1/invitations", asked, credential);
  const keyOf = async (...permissions: string[]) =>
    String((await rest(server, "POST", "/v1/admin/api-keys", { permissions })).json["api_key"]);
  const rolesOf = async (userId: unknown) => {
    const { json } = await rest(server, "GET", `/v1/role-assignments?user_id=${String(userId)}`);
    return ((json["assignments"] ?? []) as readonly { role_id: string }[]).map(({ role_id: roleId }) => roleId);
  };

  test("A14: gives no more than whoever invites has, by no field of it", async () => {
    const key = await keyOf("users.read", "users.write", "roles.assign", "groups.write");
    const { json: group } = await rest(server, "POST", "/v1/groups", { name: "Owners" });
    await rest(server, "POST", "/v1/roles/owner/assignments", { group_id: group["id"] });
    for (const more of [{ role_ids: ["owner"] }, { role_ids: ["client-admin"] }, { group_ids: [group["id"]] }]) {
      const { status, json } = await invite({ email: fresh(), ...more }, key);
      expect([status, (json["error"] as { reason: string }).reason]).toEqual([403, "PERMISSION_DENIED"]);
    }
    const email = fresh();
    expect((await invite({ email, name: "Bea" }, key)).status).toBe(200);
    const { json } = await confirm(await tokenFor(email));
    expect(await rolesOf(json["user_id"])).toEqual([]);
  });

  test("A24: is accepted once, by its last link alone, and by none after it was taken back", async () => {
    const [email, other] = [fresh(), fresh()];
    const { json: invitation } = await invite({ email, role_ids: ["support"] });
    const first = await tokenFor(email);
    expect((await rest(server, "POST", `/v1/invitations/${String(invitation["id"])}/resend`, {})).status).toBe(200);
    const second = (await mail.linkFor(email, 2)).searchParams.get("token") ?? "";
    expect(second).not.toBe(first);
    expect((await confirm(first)).json).toMatchObject({ error: { reason: "SIGN_UP_TOKEN_INVALID" } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => confirm(second, `${secret} ${i}`)));
    const [accepted, ...more] = answers.filter(({ status }) => status === 200);
    expect(more).toEqual([]);
    expect(await rolesOf(accepted?.json["user_id"])).toEqual(["support"]);
    const { json: revoked } = await invite({ email: other });
    const withdrawn = await tokenFor(other);
    expect((await rest(server, "DELETE", `/v1/invitations/${String(revoked["id"])}`)).status).toBe(200);
    expect((await confirm(withdrawn)).json).toMatchObject({ error: { reason: "SIGN_UP_TOKEN_INVALID" } });
  });

  test("keeps its last link where sending it again is refused; a repeat of its request mails nothing twice", async () => {
    const asked = { email: fresh() };
    const again = "request_id=0b6f2a52-52a5-4b0a-9c2f-0f6f5a5f5a5f";
    const { json: invitation } = await rest(server, "POST", `/v1/invitations?${again}`, asked);
    expect((await rest(server, "POST", `/v1/invitations?${again}`, asked)).json).toEqual(invitation);
    const path = `/v1/invitations/${String(invitation["id"])}`;
    const sendAgain = () => rest(server, "POST", `${path}/resend`, {});
    let [last, answer, mails] = [invitation, await sendAgain(), 1];
    for (; answer.status === 200; answer = await sendAgain()) [last, mails] = [answer.json, mails + 1];
    expect([answer.status, answer.json]).toMatchObject([429, { error: { reason: "TOO_MANY_ATTEMPTS" } }]);
    expect((await rest(server, "GET", path)).json).toEqual(last);
    await mail.linkFor(asked.email, mails);
    const received = mail.mails.filter(({ to }) => to.includes(asked.email));
    expect(received).toHaveLength(mails);
    const tokens = received.map(({ text }) => /token=(kmp_[\w-]+)/.exec(text)?.[1] ?? "");
    const answers = await Promise.all(tokens.map((token) => confirm(token)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("A14: of somebody who was disabled gives nothing any more", async () => {
    const person = await createPerson(server);
    await rest(server, "POST", "/v1/roles/owner/assignments", { user_id: person.id });
    const administering = await registerClient(server, { scope: "openid users.write roles.assign *" });
    const { accessToken } = await tokensFor(server, administering, person.username, {
      parameters: { scope: "openid users.write roles.assign *" },
    });
    const email = fresh();
    expect((await invite({ email, role_ids: ["owner"] }, accessToken)).status).toBe(200);
    await rest(server, "PATCH", `/v1/users/${person.id}`, { status: "USER_STATUS_DISABLED" });
    expect((await confirm(await tokenFor(email))).json).toMatchObject({ error: { reason: "SIGN_UP_TOKEN_INVALID" } });
  });

  test("A4, A15: is accepted on our own page also where nobody signs up", async () => {
    await allow(false);
    const email = fresh();
    expect((await invite({ email, name: "Bea Bell" })).status).toBe(200);
    const link = await mail.linkFor(email);
    expect(link.origin + link.pathname).toBe(`${server.url}/sign-up`);
    const page = await (await fetch(link)).text();
    for (const shown of [email, "Bea Bell"]) expect(page).toContain(shown);
    const token = link.searchParams.get("token") ?? "";
    const done = await httpBrowser().post(`${server.url}/sign-up`, { token, name: "Bea", new_password: secret });
    expect(done.status).toBe(200);
    expect(await signsIn(email, secret)).toBe(true);
    const again = await (await fetch(link)).text();
    expect(again).toContain("This link was used");
    expect(again).not.toContain('name="email"');
    await allow(true);
  });
});

test("A26: no other site's page can ask or choose", async () => {
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
    for (const form of [{ email: fresh() }, { token: "kmp_x", new_password: secret }]) {
      expect((await httpBrowser().post(`${server.url}/sign-up`, form, headers)).status).toBe(403);
    }
  }
});

test("A29: no log line has a link, a token or an address", async () => {
  const email = fresh();
  await ask(email);
  const token = await tokenFor(email);
  expect((await confirm(token)).status).toBe(200);
  const logs = server.logs().join("\n");
  for (const told of [token, token.slice(4), email, secret]) expect(logs).not.toContain(told);
});

test("A15: where it is off, no door opens an account, and no page or client is told of one", async () => {
  const email = fresh();
  await ask(email);
  const token = await tokenFor(email);
  await allow(false);
  await expect.poll(async () => (await ask(fresh())).status).toBe(403);
  expect((await confirm(token)).json).toMatchObject({ error: { reason: "SIGN_UP_NOT_ALLOWED" } });
  expect((await fetch(`${server.url}/sign-up?token=${token}`)).status).toBe(404);
  const refused = (await walk(server, client, { prompt: "create" })).at();
  expect(refused.searchParams.get("error")).toBe("invalid_request");
  expect((await (await walk(server, client)).page()).html).not.toContain("/sign-up");
  await allow(true);
});
