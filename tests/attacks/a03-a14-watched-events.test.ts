import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createKoderId, reason, staticToken, type KoderId } from "../../clients/typescript/index.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { createPerson, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import type { RunningServer } from "../support/server.ts";
import { inOneProcess, split } from "../support/shapes.ts";
import { createTenant } from "../support/tenants.ts";

type Watched = Awaited<ReturnType<typeof firstOf>>;

/** A watcher that is told one answer at a time; the first one says from where on it is told. */
async function firstOf(koderId: KoderId, request: Parameters<KoderId["events"]["watchEvents"]>[0] = {}) {
  const answers = koderId.events.watchEvents(request)[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await answers.next();
    if (done === true) throw new Error("it has ended");
    return value;
  };
  const first = await next();
  return {
    token: first.resumeToken,
    /** The ids that the next events are about. */
    async ids(count: number): Promise<string[]> {
      const ids: string[] = [];
      while (ids.length < count) {
        const { event } = await next();
        if (event?.event !== undefined) ids.push(event.event.resourceId);
      }
      return ids;
    },
    /** Why it ends. */
    async end(): Promise<unknown> {
      try {
        for (;;) await next();
      } catch (error) {
        return reason(error) ?? String(error);
      }
    },
    leave: () => answers.return?.(),
  };
}

describe.each([inOneProcess, split])("events as they happen, $name", ({ start }) => {
  let server: RunningServer;
  beforeAll(async () => {
    resolveLocalNames();
    server = await start();
    // Who watches from now on is told what enters the log from now on: the owner, too, if it is not there yet.
    const { id } = await createPerson(server);
    const isListed = async () => {
      const { json } = await rest(server, "GET", "/v1/admin/audit?resource_type=user");
      expect(JSON.stringify(json)).toContain(id);
    };
    await vi.waitFor(isListed, { timeout: 20_000, interval: 50 });
  });
  afterAll(() => server?.stop());

  const clientOf = (credential: string, options: { grpc?: boolean; tenant?: string } = {}) =>
    createKoderId(server.url, { tokenSource: staticToken(credential), ...options });
  const key = async (permission: string) =>
    (await rest(server, "POST", "/v1/admin/api-keys", { permissions: [permission] })).json;
  const users = { resourceType: "user", type: "user_created" };
  const reasonOf = (watched: Promise<Watched>) =>
    watched.then(
      () => "told",
      (error: unknown) => reason(error) ?? Code[ConnectError.from(error).code],
    );

  test.each([false, true])("are told by Connect and by gRPC (%s), and from a token on", async (grpc) => {
    const koderId = clientOf(server.adminApiKey, { grpc });
    const watched = await firstOf(koderId, users);
    const [one, two] = [await createPerson(server), await createPerson(server)];
    expect(await watched.ids(2)).toEqual([one.id, two.id]);
    await watched.leave();
    const again = await firstOf(koderId, { ...users, resumeToken: watched.token });
    expect(await again.ids(2)).toEqual([one.id, two.id]);
    await again.leave();
  });

  test("A14: by nobody without the right, and of no other tenant", async () => {
    const watch = (credential: string, options = {}) => reasonOf(firstOf(clientOf(credential, options)));
    expect(await watch("kak_nobody")).toBe("CREDENTIAL_INVALID");
    expect(await watch(String((await key("users.read"))["api_key"]))).toBe("PERMISSION_DENIED");
    const [person, client] = [await createPerson(server), await registerClient(server)];
    expect(await watch((await tokensFor(server, client, person.username)).accessToken)).toBe("PERMISSION_DENIED");
    const tenant = await createTenant(server);
    const auditor = String((await key("audit.read"))["api_key"]);
    expect(await watch(auditor, { tenant: tenant.slug })).toBe("TENANT_HEADER_REFUSED");
    expect(await reasonOf(firstOf(createKoderId(server.url), {}))).toBe("CREDENTIAL_MISSING");
    expect(await reasonOf(firstOf(clientOf(auditor), { instance: true }))).toBe("PERMISSION_DENIED");

    const [own, other] = [
      await firstOf(clientOf(auditor), users),
      await firstOf(clientOf(server.adminApiKey, { tenant: tenant.slug }), users),
    ];
    const there = { url: `http://${tenant.host}`, adminApiKey: server.adminApiKey };
    const [far, near] = [await createPerson(there), await createPerson(server)];
    expect([await own.ids(1), await other.ids(1)]).toEqual([[near.id], [far.id]]);
    await Promise.all([own.leave(), other.leave()]);
  });

  test("end with an error once the time is over that the watcher gave it", async () => {
    const answer = await fetch(`${server.url}/koder.admin.v1.EventService/WatchEvents`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.adminApiKey}`,
        "content-type": "application/connect+json",
        "connect-timeout-ms": "3000",
      },
      body: Buffer.from("\0\0\0\0\u0002{}"),
    });
    expect(await answer.text()).toMatch(/"resumeToken".*"error":\{"code":"deadline_exceeded".*"DEADLINE_EXCEEDED"/s);
  });

  test("A3: whose credential ends is told nothing more, also while nothing happens", async () => {
    const { id, api_key: credential } = await key("audit.read");
    const watched = await firstOf(clientOf(String(credential), { grpc: true }), { resourceId: "nothing" });
    expect((await rest(server, "DELETE", `/v1/admin/api-keys/${String(id)}`)).status).toBe(200);
    const begun = performance.now();
    expect(await watched.end()).toBe("CREDENTIAL_INVALID");
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});
