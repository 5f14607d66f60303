import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startMailServer, type MailServer } from "../support/mail-server.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let mail: MailServer;
let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  mail = await startMailServer();
  server = await startServer({ env: { KODER_ID_SMTP_URL: mail.url } });
  client = await registerClient(server);
});
afterAll(async () => {
  await server?.stop();
  await mail?.stop();
});

async function person() {
  const { id, username } = await createPerson(server);
  const { accessToken } = await tokensFor(server, client, username);
  const address = `${username}@koder.dev`;
  return {
    id,
    address,
    user: async () => (await rest(server, "GET", `/v1/users/${id}`)).json,
    change: (email: string) => rest(server, "POST", "/v1/users/me/email/change", { email }, accessToken),
    verify: () => rest(server, "POST", "/v1/users/me/email/verify", {}, accessToken),
  };
}
const tokenTo = async (address: string, count = 1) =>
  (await mail.linkFor(address, count)).searchParams.get("token") ?? "";
const confirm = (token: string) => rest(server, "POST", "/v1/auth/email/confirm", { token }, "");
async function verified() {
  const p = await person();
  expect((await p.verify()).status).toBe(200);
  expect((await confirm(await tokenTo(p.address))).json).toMatchObject({ done: true });
  expect(await p.user()).toMatchObject({ email: p.address, email_verified: true });
  return p;
}

describe("A16: an address", () => {
  test("is verified by whoever reads it, and changes when both have confirmed it", async () => {
    const p = await verified();
    expect((await p.change("ana@elsewhere.example")).json).toMatchObject({ both_must_confirm: true });
    expect((await confirm(await tokenTo("ana@elsewhere.example"))).json["done"]).not.toBe(true);
    expect(await p.user()).toMatchObject({ email: p.address });
    const link = await mail.linkFor(p.address, 2);
    expect(link.origin).toBe(server.url);
    expect((await fetch(link)).status).toBe(200); // opening it confirms nothing
    expect(await p.user()).toMatchObject({ email: p.address });
    expect((await confirm(link.searchParams.get("token") ?? "")).json).toMatchObject({ done: true });
    expect(await p.user()).toMatchObject({ email: "ana@elsewhere.example", email_verified: true });
  });

  test("A23: of somebody else is not told to whoever asks for it, and does not become theirs", async () => {
    const [p, other, third] = [await verified(), await verified(), await verified()];
    const taken = await p.change(other.address);
    const free = await third.change("nobody@elsewhere.example");
    expect([taken.status, taken.json]).toEqual([free.status, free.json]);
    expect((await confirm(await tokenTo(p.address, 2))).status).toBe(200);
    const last = await confirm(await tokenTo(other.address, 2));
    expect(last.json).toMatchObject({ error: { reason: "EMAIL_TAKEN" } });
    expect(await p.user()).toMatchObject({ email: p.address });
    expect(await other.user()).toMatchObject({ email: other.address });
  });

  test("may have an internationalised domain, is one in both forms of it, and is in ASCII where others read it", async () => {
    const [typed, ascii] = ["Ana@münchen.example", "Ana@xn--mnchen-3ya.example"];
    const made = await rest(server, "POST", "/v1/users", { email: typed, password });
    expect([made.status, made.json["email"]]).toEqual([200, typed]);
    const taken = await rest(server, "POST", "/v1/users", { email: ascii.toLowerCase(), password });
    expect(taken.json).toMatchObject({ error: { reason: "EMAIL_TAKEN" } });
    for (const name of [typed, ascii]) {
      const { accessToken } = await tokensFor(server, client, name);
      const userinfo = await fetch(`${server.url}/oidc/v1/userinfo`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      expect(await userinfo.json()).toMatchObject({ email: ascii, email_verified: false });
    }
    expect((await rest(server, "POST", "/v1/auth/recovery", { username: typed }, "")).status).toBe(200);
    // The server of the test reads its envelope as people do.
    await tokenTo(typed);
    expect(mail.mails.find(({ to }) => to.includes(typed))?.text).toContain(`To: ${ascii}`);
    const local = await rest(server, "POST", "/v1/users", { email: "añá@example.com", password });
    expect(local.status).toBe(400);
    expect(JSON.stringify(local.json)).toContain("ASCII letters alone before the @");
  });

  test("does not change by a session whose sign-in is old, or without one", async () => {
    const { id } = await person();
    expect((await rest(server, "POST", `/v1/users/${id}/email/change`, { email: "e@example.com" })).status).toBe(403);
    expect((await rest(server, "POST", "/v1/users/me/email/change", { email: "e@example.com" }, "")).status).toBe(401);
  });
});
