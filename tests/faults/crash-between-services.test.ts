import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { publicServices } from "../../services/gateway/public-services.ts";
import { publicEndpoints } from "../attacks/public-endpoints.ts";
import { registerClient, rest } from "../support/relying-party.ts";
import { startServer } from "../support/server.ts";
import { commitsOf, momentsOf, orderOf } from "./crash/commits.ts";
import type { Commit } from "./crash/crash-folder.ts";
import { crashingServer, type CrashingServer } from "./crash/crashing-server.ts";
import { cutAll } from "./crash/cut-all.ts";
import { cutWrites } from "./crash/cut-writes.ts";
import { openSignInPage, personWithTokens, signsIn } from "./crash/sign-in-page.ts";
import { simpleWrites } from "./crash/simple-writes.ts";

// Each write on a public door is made by a real server, which is killed with SIGKILL between two commits: after each of
// them, before anybody was told of it. What was not done then is what a crash leaves.

const firstStart = "The first start";
const bootstrap = "Bootstrap";

let server: CrashingServer;
beforeAll(async () => {
  server = await crashingServer();
  await server.start();
});
afterAll(() => server?.stop());

describe("the list of writes", () => {
  test("has every one of the public doors", async () => {
    const response = await fetch(`${server.url}/.well-known/openid-configuration`);
    const { grant_types_supported: grants } = (await response.json()) as { readonly grant_types_supported: string[] };
    const rpc = publicServices.flatMap(({ typeName, methods }) =>
      methods
        .filter(({ idempotency }) => idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS)
        .map(({ name }) => `${typeName}/${name}`),
    );
    const standard = publicEndpoints
      .filter(({ path }) => !path.startsWith("/v1/") && !path.startsWith("/koder.") && !path.startsWith("/grpc."))
      .filter(({ method, path }) => method !== "GET" || path.endsWith("/authorize"))
      .flatMap(({ method, path }) => {
        if (path.endsWith("/token")) return grants.map((grant) => `grant_type ${grant}`);
        return path === "/sign-in"
          ? [
              "password",
              "passkey",
              "code",
              "new_password",
              "new_totp",
              "new_passkey",
              "new_code",
              "email_code",
              "terms",
            ].map((field) => `POST /sign-in ${field}`)
          : [`${method} ${path}`];
      });
    const covered = [...simpleWrites, ...cutWrites].flatMap(({ covers }) => covers);
    expect([...covered, "koder.admin.v1.SystemService/Bootstrap"].toSorted()).toEqual(
      expect.arrayContaining([...rpc, ...standard]),
    );
  });

  test.each(simpleWrites)("$name: one service commits, or none", async (write) => {
    const first = orderOf(await commitsOf(server, write));
    // The first one may make what is made once for all, such as a tenant's key: then there is another one.
    const order = first.length > 1 ? orderOf(await commitsOf(server, write)) : first;
    expect(order.length).toBeLessThanOrEqual(1);
  });

  test("is that of docs/architecture.md", () => {
    const document = readFileSync(join(import.meta.dirname, "../../docs/architecture.md"), "utf8");
    const [, table = ""] = document.split("## Writes that span services");
    const rows = table.split("\n## ")[0]?.matchAll(/^\| (?!Write|---)([^|]+?) \|/gm) ?? [];
    const names = Array.from(rows, ([, name]) => name);
    expect(names).toEqual([firstStart, bootstrap, ...cutWrites.map(({ name }) => name)]);
  });
});

describe("a crash after each commit", { timeout: 600_000 }, () => {
  /** All of them are cut together, when the first test asks. */
  let cutting: ReturnType<typeof cutAll> | undefined;

  test.each(cutWrites)("$name: nothing is open, and a repeat heals it", async (write) => {
    cutting ??= cutAll(server, cutWrites);
    const found = (await cutting).get(write);
    for (const failure of found?.failures ?? []) throw failure;
    expect(found?.order).toEqual(write.order);
    expect(found?.cutAfter.length).toBeGreaterThanOrEqual(write.order.length);
  });

  test("a replica finishes what another began, without a start and without a repeat", async () => {
    const { id, areTokensGood } = await personWithTokens(server);
    const replica = await startServer({
      dataDir: server.dataDir,
      env: { KODER_ID_PUBLIC_URL: server.url },
    });
    onTestFinished(() => void replica.end());
    server.order({ commits: 1, of: "requests", what: "die" });
    const disabling = rest(server, "PATCH", `/v1/users/${id}`, { status: "USER_STATUS_DISABLED" });
    await expect(disabling).rejects.toThrow("fetch failed");
    await server.crashed();
    server.use(replica.listening);
    await expect.poll(areTokensGood, { timeout: 20_000 }).toBe(false);
    await replica.end();
    await server.start();
  });
});

describe("a crash of an instance that has no owner yet", { timeout: 600_000 }, () => {
  test(`${firstStart}: the next one completes it, with credentials that it wrote itself`, async () => {
    const whole = await anInstance();
    await whole.start();
    const commits = whole.commits();
    // The key of the tenant is made beside the claim.
    const isClaim = ({ owner }: Commit) => owner === "admin" || owner === "identity";
    expect(orderOf(commits.filter(isClaim))).toEqual(["admin", "identity", "admin"]);
    expect(new Set(orderOf(commits))).toEqual(new Set(["admin", "identity", "oauth"]));
    const untilClaimed = commits.findLastIndex(isClaim) + 1;
    // Side by side, because most of them wait for the lease that the dead one had.
    await Promise.all(Array.from({ length: untilClaimed }, (_, at) => crashAtFirstStart(at + 1)));
  });

  async function crashAtFirstStart(moment: number): Promise<void> {
    const instance = await anInstance();
    instance.order({ commits: moment, of: "everything", what: "die" });
    await expect(instance.start(), `after commit ${moment}`).rejects.toThrow("ended with null before it was ready");
    instance.order(undefined);
    const keyBefore = instance.adminApiKey;
    await instance.start();
    const { status, json } = await rest(instance, "GET", "/v1/users");
    expect([status, json["users"]]).toEqual([200, [expect.objectContaining({ username: "admin" })]]);
    if (keyBefore !== "" && keyBefore !== instance.adminApiKey) {
      expect((await rest(instance, "GET", "/v1/users", undefined, keyBefore)).status).toBe(401);
    }
    expect(await asksForNewPassword(instance, instance.adminPassword)).toBe(true);
    await instance.stop();
  }

  test(`${bootstrap}: the same request completes it, or another one, and then no other`, async () => {
    const env = { KODER_ID_BOOTSTRAP_TOKEN: "a-bootstrap-token-that-is-long-enough" };
    const claim = async (instance: CrashingServer, password: string, request_id: string, token?: string) => {
      const body = { username: "owner", password, request_id };
      const credential = token ?? env.KODER_ID_BOOTSTRAP_TOKEN;
      const { status, json } = await rest(instance, "POST", "/v1/admin/bootstrap", body, credential);
      return { status, apiKey: String(json["api_key"]), reason: JSON.stringify(json["error"] ?? {}) };
    };
    const isKeyGood = async (instance: CrashingServer, apiKey: string) =>
      (await rest(instance, "GET", "/v1/users", undefined, apiKey)).status === 200;
    const [mine, others] = ["a good pass phrase of mine", "a good pass phrase of others"];

    const whole = await anInstance(env);
    await whole.start();
    whole.commits();
    expect((await claim(whole, mine, randomUUID())).status).toBe(200);
    const commits = whole.commits().filter(({ request }) => request !== "");
    expect(orderOf(commits)).toEqual(["admin", "identity", "admin"]);
    for (const moment of momentsOf(commits)) {
      const instance = await anInstance(env);
      await instance.start();
      const requestId = randomUUID();
      instance.order({ commits: moment, of: "requests", what: "die" });
      await expect(claim(instance, mine, requestId), `after commit ${moment}`).rejects.toThrow("fetch failed");
      await instance.crashed();
      await instance.start();
      expect((await claim(instance, others, randomUUID(), "not-the-bootstrap-token-at-all")).status).toBe(401);
      const isComplete = moment === commits.length;
      // Whoever has the token may claim what nobody holds yet; once somebody does, only the same request is answered.
      const other = await claim(instance, others, randomUUID());
      expect(other.status).toBe(isComplete ? 400 : 200);
      const same = await claim(instance, mine, requestId);
      expect(same.status).toBe(isComplete ? 200 : 400);
      const { apiKey } = isComplete ? same : other;
      expect(await isKeyGood(instance, apiKey)).toBe(true);
      const client = await registerClient({ url: instance.url, adminApiKey: apiKey });
      expect(await signsIn(instance, client, "owner", isComplete ? mine : others)).toBe(true);
      expect(await signsIn(instance, client, "owner", isComplete ? others : mine)).toBe(false);
      expect((await claim(instance, others, randomUUID())).reason).toContain("BOOTSTRAP_CLOSED");
      await instance.stop();
    }
  });

  /** One of its own, until the test is over. */
  async function anInstance(env: Readonly<Record<string, string>> = {}): Promise<CrashingServer> {
    const instance = await crashingServer(env);
    onTestFinished(() => instance.stop());
    return instance;
  }

  /** Whether the owner's password is taken, and must be changed. */
  async function asksForNewPassword(instance: CrashingServer, password: string): Promise<boolean> {
    const page = await openSignInPage(instance, await registerClient(instance));
    const answer = await page.send({ username: "admin", password });
    return answer.status === 200 && (await answer.text()).includes('name="new_password"');
  }
});
