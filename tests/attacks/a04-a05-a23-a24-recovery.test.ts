import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSignInPage, personWithTokens, signsIn } from "../faults/crash/sign-in-page.ts";
import { addTotp } from "../support/factors.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { startMailServer, type MailServer } from "../support/mail-server.ts";
import { createPerson, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// With a real mail server behind the real one: the link is what stands in the mail.

const newPassword = "another good pass phrase";
let mail: MailServer;
let server: RunningServer;
beforeAll(async () => {
  mail = await startMailServer();
  server = await startServer({ env: { KODER_ID_SMTP_URL: mail.url, KODER_ID_MAIL_FROM: "Acme <no-reply@acme.test>" } });
});
afterAll(async () => {
  await server?.stop();
  await mail?.stop();
});

const ask = (username: string) => rest(server, "POST", "/v1/auth/recovery", { username }, "");
const confirm = (token: string, secret = newPassword) =>
  rest(server, "POST", "/v1/auth/recovery/confirm", { token, new_password: secret }, "");
const tokenFor = async (username: string, count = 1) =>
  (await mail.linkFor(`${username}@koder.dev`, count)).searchParams.get("token") ?? "";

describe("A4: hosts in a request", () => {
  test("never reach a link", async () => {
    const { username } = await createPerson(server);
    for (const headers of [
      { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
      { forwarded: "host=evil.example;proto=https" },
      { origin: "https://evil.example", referer: "https://evil.example/" },
    ]) {
      const response = await fetch(`${server.url}/v1/auth/recovery`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ username }),
      });
      expect(response.status).toBe(200);
    }
    const link = await mail.linkFor(`${username}@koder.dev`, 3);
    expect(link.origin).toBe(server.url);
    expect(mail.mails.filter(({ text }) => text.includes("evil"))).toEqual([]);
  });

  test("another Host is refused before anybody is mailed", async () => {
    const { username } = await createPerson(server);
    const { port } = new URL(server.url);
    const headers = { host: "evil.example", "content-type": "application/json" };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, method: "POST", path: "/v1/auth/recovery", headers };
      request(options, (response) => resolve(response.resume().statusCode))
        .on("error", reject)
        .end(JSON.stringify({ username }));
    });
    expect(status).toBe(421);
    await ask(username);
    await tokenFor(username);
    expect(mail.mails.filter(({ to }) => to.includes(`${username}@koder.dev`))).toHaveLength(1);
  });
});

describe("A5: a reset", () => {
  test("signs nobody in, and ends every session and token", async () => {
    const { username, client, areTokensGood } = await personWithTokens(server);
    expect((await ask(username)).status).toBe(200);
    const browser = httpBrowser();
    const link = await mail.linkFor(`${username}@koder.dev`);
    const page = await browser.get(link.href);
    expect(page.status).toBe(200);
    const html = await page.text();
    // Whose the password is, for those who keep passwords: by the address that the link came to, which its holder knows.
    expect(/<input[^>]* autocomplete="username"[^>]*>/.exec(html)?.[0]).toContain(`value="${username}@koder.dev"`);
    const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const done = await browser.post(`${server.url}/reset`, { token, new_password: newPassword });
    expect(done.status).toBe(200);
    // That a link is good for nothing is told when it is opened, not once a password was chosen.
    for (const dead of [link.href, `${server.url}/reset?token=bogus`]) {
      const opened = await browser.get(dead);
      expect(opened.status).toBe(400);
      const text = await opened.text();
      expect(text).toContain("This link was used or has expired.");
      expect(text).not.toContain("new_password");
    }
    expect([...browser.cookies.keys()].filter((name) => name.includes("session"))).toEqual([]);
    expect(await areTokensGood()).toBe(false);
    expect(await signsIn(server, client, username, password)).toBe(false);
    expect(await signsIn(server, client, username, newPassword)).toBe(true);
    const told = () => mail.mails.filter(({ to }) => to.includes(`${username}@koder.dev`)).length;
    await expect.poll(told, { timeout: 20_000 }).toBe(2);
  });

  test("asks the second factor as before", async () => {
    const { username } = await createPerson(server);
    const client = await registerClient(server);
    await addTotp(server, (await tokensFor(server, client, username)).accessToken);
    await ask(username);
    expect((await confirm(await tokenFor(username))).status).toBe(200);
    const answer = await (await openSignInPage(server, client)).send({ username, password: newPassword });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('name="code"');
  });
});

describe("A5: a reset that an administrator has mailed", () => {
  const send = (id: string, credential?: string) =>
    rest(server, "POST", `/v1/users/${id}/password/reset`, {}, credential);

  test("changes nothing until its person has used the link, which is good once and for them alone", async () => {
    const { username, client, areTokensGood, id } = await personWithTokens(server);
    const { id: other } = await createPerson(server);
    expect((await send(id)).status).toBe(200);
    const token = await tokenFor(username);
    expect([await areTokensGood(), await signsIn(server, client, username, password)]).toEqual([true, true]);
    const use = async (userId: string) => {
      const path = `/v1/users/${userId}/password/reset/confirm`;
      return (await rest(server, "POST", path, { token, new_password: newPassword }, "")).status;
    };
    expect([await use(other), await use(id), await use(id)]).toEqual([400, 200, 400]);
    expect(await areTokensGood()).toBe(false);
    expect(await signsIn(server, client, username, password)).toBe(false);
    expect(await signsIn(server, client, username, newPassword)).toBe(true);
  });

  test("is mailed ten times an hour, and to nobody who is not there", async () => {
    const { id } = await createPerson(server);
    for (let sent = 0; sent < 10; sent++) expect((await send(id)).status).toBe(200);
    expect((await send(id)).json).toMatchObject({ error: { reason: "TOO_MANY_ATTEMPTS" } });
    expect((await send("01J9ZK3V5T8QW2X4Y6Z7ABCDEF")).json).toMatchObject({ error: { reason: "MAILBOX_NOT_FOUND" } });
  });
});

describe("A24: a link", () => {
  test("is good once, however many send it at once, and opening it uses nothing up", async () => {
    const { username } = await createPerson(server);
    await ask(username);
    const link = await mail.linkFor(`${username}@koder.dev`);
    for (let i = 0; i < 3; i++) expect((await fetch(link)).status).toBe(200);
    const token = link.searchParams.get("token") ?? "";
    expect((await confirm(token, "too short")).json).toMatchObject({ error: { reason: "PASSWORD_NOT_ALLOWED" } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => confirm(token)));
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    expect(answers.map(({ status }) => status).filter((status) => status === 400)).toHaveLength(19);
    expect((await confirm(token)).json).toMatchObject({ error: { reason: "RECOVERY_TOKEN_INVALID" } });
  });
});

describe("A23: whether anybody has a name", () => {
  test("is told by no answer, of the API and of the page", async () => {
    const { username } = await createPerson(server);
    const api = async (name: string) => {
      const response = await ask(name);
      return [response.status, JSON.stringify(response.json)];
    };
    expect(await api("nobody-at-all")).toEqual(await api(username));
    const page = async (name: string) => {
      const response = await httpBrowser().post(`${server.url}/reset`, { username: name, authorization: "" });
      return [response.status, (await response.text()).replaceAll(name, "NAME"), [...response.headers.keys()]];
    };
    expect(await page("nobody-at-all")).toEqual(await page(username));
  });
});

test("A26: no other site's page can ask or choose", async () => {
  const { username } = await createPerson(server);
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://evil.example" }]) {
    for (const form of [{ username }, { token: "kmp_x", new_password: newPassword }]) {
      expect((await httpBrowser().post(`${server.url}/reset`, form, headers)).status).toBe(403);
    }
  }
});

test("A29: no log line has a link, a token or an address", async () => {
  const { username } = await createPerson(server);
  await ask(username);
  const token = await tokenFor(username);
  expect((await confirm(token)).status).toBe(200);
  const logs = server.logs().join("\n");
  for (const secret of [token, token.slice(4), `${username}@koder.dev`, newPassword])
    expect(logs).not.toContain(secret);
});
