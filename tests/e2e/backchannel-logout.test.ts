import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requestLogout } from "../support/logout.ts";
import { startLogoutReceiver, type LogoutReceiver } from "../support/logout-receiver.ts";
import { createPerson, registerClient, rest, tokensFor, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// OpenID Connect Back-Channel Logout 1.0: a real server, and clients that listen over TLS.

/** Well within what the person waits for the next page (conformance: minutes late is too late). */
const soon = { timeout: 20_000, interval: 50 };

const folder = mkdtempSync(join(tmpdir(), "koder-id-backchannel-"));
let receiver: LogoutReceiver;
let server: RunningServer;
const start = async () => {
  server = await startServer({ dataDir: folder, env: receiver.env });
};
beforeAll(async () => {
  receiver = await startLogoutReceiver();
  await start();
});
afterAll(async () => {
  await server?.stop();
  await receiver?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const listening = (name: string, metadata: Record<string, unknown> = {}): Promise<RelyingParty> =>
  registerClient(server, { client_name: name, backchannel_logout_uri: receiver.url(name), ...metadata });

/** A person who is signed in to all of these clients in one browser; their id tokens in the same order. */
async function signedInTo(...clients: readonly RelyingParty[]) {
  const person = await createPerson(server);
  const [first, ...others] = clients;
  if (first === undefined) throw new Error("no client");
  const { browser, ...tokens } = await tokensFor(server, first, person.username);
  const idTokens = [tokens.idToken];
  for (const client of others) idTokens.push((await tokensFor(server, client, person.username, { browser })).idToken);
  return { ...person, browser, idTokens, idToken: tokens.idToken };
}

const tokensOf = (name: string) =>
  receiver.received(name).map(({ parameters }) => parameters.get("logout_token") ?? "");
const sessionsTold = (name: string) => new Set(tokensOf(name).map((token) => decodeJwt(token)["sid"]));

async function deliveriesTo({ clientId }: RelyingParty) {
  const { status, json } = await rest(server, "GET", `/v1/logout-deliveries?client_id=${clientId}`);
  expect(status).toBe(200);
  return json["deliveries"] as readonly Readonly<Record<string, unknown>>[];
}

describe("when a session ends", () => {
  test("every client of it is told at once, whoever else is slow or away", async () => {
    receiver.answer("slow", "silence");
    const [chat, mail, slow] = [
      await listening("chat"),
      await listening("mail", { id_token_signed_response_alg: "ES256", subject_type: "pairwise" }),
      await listening("slow"),
    ];
    const away = await registerClient(server, { backchannel_logout_uri: "https://localhost:1/logout" });
    const { browser, idTokens } = await signedInTo(slow, away, chat, mail);
    const before = Date.now();
    await requestLogout(server, browser, { id_token_hint: idTokens[2] ?? "" });
    await expect.poll(() => tokensOf("mail").length + tokensOf("chat").length, soon).toBe(2);
    for (const [name, client, idToken] of [
      ["chat", chat, idTokens[2] ?? ""],
      ["mail", mail, idTokens[3] ?? ""],
    ] as const) {
      const [request] = receiver.received(name);
      expect(request).toMatchObject({
        method: "POST",
        contentType: "application/x-www-form-urlencoded",
        protocol: "TLSv1.3",
      });
      expect([...(request?.parameters.keys() ?? [])]).toEqual(["logout_token"]);
      expect((request?.at ?? 0) - before).toBeLessThan(soon.timeout);
      const told = decodeJwt(idToken);
      const { payload, protectedHeader } = await jwtVerify(
        request?.parameters.get("logout_token") ?? "",
        createRemoteJWKSet(new URL(`${server.url}/oauth/v2/keys`)),
        { issuer: server.url, audience: client.clientId, typ: "logout+jwt", requiredClaims: ["iat", "exp", "jti"] },
      );
      expect(protectedHeader.alg).toBe(name === "mail" ? "ES256" : "RS256");
      expect(payload).toMatchObject({
        sub: told.sub,
        sid: told["sid"],
        events: { "http://schemas.openid.net/event/backchannel-logout": {} },
      });
      expect(payload).not.toHaveProperty("nonce");
    }
    // The one that is away waits for its next time; the port is not one that requests leave for.
    await expect.poll(async () => (await deliveriesTo(away))[0]?.["last_fault"], soon).toBe("url");
  });

  test("by an administrator, or with everything of its person, its clients are told too", async () => {
    const client = await listening("ended");
    const [byAdministrator, byPassword] = [await signedInTo(client), await signedInTo(client)];
    const sid = (idToken: string) => decodeJwt(idToken)["sid"];
    const ended = await rest(server, "DELETE", `/v1/sessions/${String(sid(byAdministrator.idToken))}`);
    expect(ended.status).toBe(200);
    const set = await rest(server, "POST", `/v1/users/${byPassword.id}/password`, { password: "another good phrase" });
    expect(set.status).toBe(200);
    await expect
      .poll(() => sessionsTold("ended"), soon)
      .toEqual(new Set([sid(byAdministrator.idToken), sid(byPassword.idToken)]));
  });

  test("a client that fails is tried again, with a token of its own each time", async () => {
    receiver.answer("failing", 500);
    const client = await listening("failing");
    const { browser, idToken } = await signedInTo(client);
    await requestLogout(server, browser, { id_token_hint: idToken });
    await expect
      .poll(async () => (await deliveriesTo(client))[0], soon)
      .toMatchObject({ state: "LOGOUT_DELIVERY_STATE_PENDING", attempts: 1, last_fault: "status_500" });
    receiver.answer("failing", 200);
    await expect
      .poll(async () => (await deliveriesTo(client))[0], soon)
      .toMatchObject({ state: "LOGOUT_DELIVERY_STATE_DELIVERED", attempts: 2 });
    const ids = tokensOf("failing").map((token) => decodeJwt(token).jti);
    expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
  });

  test("a server that is killed at any moment forgets nobody", async () => {
    const client = await listening("survivor");
    const sessions: unknown[] = [];
    for (const wait of [0, 150, 400]) {
      const { browser, idToken } = await signedInTo(client);
      sessions.push(decodeJwt(idToken)["sid"]);
      receiver.answer("survivor", 503);
      expect((await requestLogout(server, browser, { id_token_hint: idToken })).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, wait));
      await server.end("SIGKILL");
      receiver.answer("survivor", 200);
      await start();
      await expect.poll(() => sessionsTold("survivor"), { ...soon, timeout: 40_000 }).toEqual(new Set(sessions));
    }
  });
});

test("an administrator has a delivery tried again, and deletes one", async () => {
  receiver.answer("broken", 400);
  const client = await listening("broken");
  const { browser, idToken } = await signedInTo(client);
  await requestLogout(server, browser, { id_token_hint: idToken });
  await expect.poll(async () => (await deliveriesTo(client))[0]?.["attempts"], soon).toBe(1);
  const id = String((await deliveriesTo(client))[0]?.["id"]);
  expect((await rest(server, "POST", `/v1/logout-deliveries/${id}/retry`, {}, "")).status).toBe(401);
  receiver.answer("broken", 200);
  expect((await rest(server, "POST", `/v1/logout-deliveries/${id}/retry`, {})).status).toBe(200);
  await expect
    .poll(async () => (await deliveriesTo(client))[0]?.["state"], soon)
    .toBe("LOGOUT_DELIVERY_STATE_DELIVERED");
  expect((await rest(server, "DELETE", `/v1/logout-deliveries/${id}`)).status).toBe(200);
  expect(await deliveriesTo(client)).toEqual([]);
});
