import { afterAll, beforeAll, expect, test } from "vitest";
import { addTotp } from "../support/factors.ts";
import { startMailServer, type MailServer } from "../support/mail-server.ts";
import { createPerson, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

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

test("people are told by mail of factors and access tokens that come to their account, and of factors that leave it", async () => {
  const { id, username } = await createPerson(server);
  const email = `${username}@koder.dev`;
  const client = await registerClient(server, { scope: "openid profile email tokens.write account.write" });
  const { accessToken } = await tokensFor(server, client, username, {
    parameters: { scope: "openid tokens.write account.write" },
  });
  const told = async (...subjects: string[]) => {
    const heard = () => mail.mails.filter(({ to }) => to.includes(email)).map(({ text }) => text);
    await expect.poll(() => heard().length, { timeout: 20_000 }).toBe(subjects.length);
    for (const subject of subjects) expect(heard().filter((text) => text.includes(subject))).toHaveLength(1);
    for (const text of heard()) expect(text).not.toMatch(/kpat_|secret|token=/);
  };
  await addTotp(server, accessToken);
  await told("Subject: A way to sign in was added to your account");
  const made = await rest(server, "POST", "/v1/users/me/tokens", { display_name: "laptop" }, accessToken);
  expect(made.status, JSON.stringify(made.json)).toBe(200);
  const before = ["Subject: A way to sign in was added to your account", "Subject: An access token was made"];
  await told(...before);
  expect((await rest(server, "DELETE", `/v1/users/${id}/mfa`)).status).toBe(200);
  await told(...before, "Subject: A way to sign in was removed from your account");
});
