import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RecoveryService } from "../../gen/ts/koder/auth/v1/recovery_service_pb.ts";
import { UserService } from "../../gen/ts/koder/identity/v1/user_service_pb.ts";
import { errorInfoOf } from "../../services/host/interceptors/error-mapping.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { sendRaw } from "./raw-request.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({
    env: {
      KODER_ID_TRUSTED_PROXIES: "127.0.0.1",
      KODER_ID_RATE_LIMIT: "20/1d",
      KODER_ID_RATE_LIMIT_SIGN_IN: "3/1d",
    },
  });
});
afterAll(() => server?.stop());

const from = (address: string) => ({ "x-forwarded-for": address });
const get = (address: string, path = "/oauth/v2/keys", headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { headers: { ...from(address), ...headers } });
const register = (address: string) =>
  fetch(`${server.url}/oauth/v2/register`, {
    method: "POST",
    headers: { ...from(address), "content-type": "application/json" },
    body: "{}",
  });

describe("A27: requests of one address", () => {
  test("are refused beyond the limit, with when to come back, and others are not", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 20; i++) {
      const answer = await get("192.0.2.1");
      statuses.push(answer.status);
      expect(answer.headers.get("ratelimit-policy")).toBe('"requests";q=20;w=86400');
      expect(answer.headers.get("ratelimit")).toMatch(new RegExp(`^"requests";r=${19 - i};t=\\d+$`));
    }
    expect(new Set(statuses)).toEqual(new Set([200]));
    const refused = await get("192.0.2.1");
    expect([refused.status, Number(refused.headers.get("retry-after")) > 0]).toEqual([429, true]);
    expect(await refused.json()).toMatchObject({ error: "temporarily_unavailable" });
    // A single-page application may read when to come back, as it may read the answer.
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
    expect(refused.headers.get("access-control-expose-headers")).toContain("Retry-After");
    expect((await get("192.0.2.2")).status).toBe(200);
    const ofOurs = await get("192.0.2.1", "/v1/users");
    expect([ofOurs.status, await ofOurs.json()]).toMatchObject([429, { error: { reason: "RATE_LIMITED" } }]);
    for (const path of ["/v1/users", "/oauth/v2/authorize", "/oidc/v1/end_session"]) {
      expect((await get("192.0.2.1", path)).headers.get("access-control-allow-origin"), path).toBeNull();
    }
    const page = await get("192.0.2.1", "/", { accept: "text/html" });
    expect(page.status).toBe(429);
    expect(await page.text()).toContain("There were too many requests");
  });

  test("are those of a whole /64, whoever they say they are", async () => {
    for (let i = 0; i < 20; i++) await get(`2001:db8::${i}`);
    expect((await get("2001:db8::ffff")).status).toBe(429);
    expect((await get("2001:db8:0:1::1")).status).toBe(200);
    // What stands before the address that the proxy saw is the client's own word.
    for (let i = 0; i < 20; i++) await get(`198.51.100.${i}, 192.0.2.3`);
    expect((await get("198.51.100.99, 192.0.2.3")).status).toBe(429);
  });

  test("count at hosts that are nobody's, and on the way to a tenant's own", async () => {
    const { hostname } = new URL(server.url);
    const at = (host: string, address: string) =>
      sendRaw(server.url, {
        method: "GET",
        path: "/oauth/v2/keys",
        headers: { host, ...from(address) },
        body: Buffer.alloc(0),
      });
    const statuses: number[] = [];
    for (let i = 0; i < 22; i++) statuses.push((await at(`nobody-${i}.${hostname}`, "192.0.2.8")).status);
    expect(statuses).toEqual([...Array.from({ length: 20 }, () => 421), 429, 429]);
    expect((await at("nobody-0.example", "192.0.2.8")).status).toBe(429);
    expect((await get("192.0.2.8")).status).toBe(429);
    expect((await get("192.0.2.9")).status).toBe(200);
  });

  test("count as signing in however the path is written", async () => {
    const statuses = async (path: string) => {
      const answers = await Promise.all(
        Array.from({ length: 5 }, () =>
          sendRaw(server.url, {
            method: "POST",
            path,
            headers: { ...from("192.0.2.40"), "content-type": "application/json" },
            body: Buffer.from("{}"),
          }),
        ),
      );
      return answers.map(({ status }) => status);
    };
    expect((await statuses("/v1/auth/flows")).filter((status) => status === 429)).toHaveLength(2);
    for (const path of [
      "/v1/%61uth/flows",
      "/v1/auth%2fflows",
      "/sign%2Din",
      "/%73ign-in",
      "/sign-in#x",
      "/oauth/v2/%72egister",
    ]) {
      expect(await statuses(path), path).toEqual([400, 400, 400, 400, 400]);
    }
  });

  test("are refused by every protocol in its own words", async () => {
    for (let i = 0; i < 20; i++) await get("192.0.2.4");
    for (const transport of [
      createGrpcTransport({ baseUrl: server.url }),
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1" }),
    ]) {
      const call = createClient(UserService, transport).listUsers({}, { headers: from("192.0.2.4") });
      const error = await call.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof ConnectError)) throw new Error("the call was not refused");
      expect(error.code).toBe(Code.ResourceExhausted);
      expect(errorInfoOf(error)?.reason).toBe("RATE_LIMITED");
      expect(errorInfoOf(error)?.metadata["id"]).toMatch(/^KID-GEN-040-/);
    }
  });

  test.each(["koder.identity.v1.UserService/ListUsers", "grpc.health.v1.Health/Check"])(
    "are not read beyond the limit: %s",
    async (path) => {
      const address = path.startsWith("koder") ? "192.0.2.6" : "192.0.2.7";
      const status = async () => {
        const headers = { ...from(address), "content-type": "application/json" };
        return (await fetch(`${server.url}/${path}`, { method: "POST", headers, body: "{" })).status;
      };
      expect(await status()).toBe(400);
      for (let i = 1; i < 20; i++) await get(address);
      expect(await status()).toBe(429);
    },
  );
});

test("signing in and registering have their own, narrower limit, open registration and recovery included", async () => {
  for (let i = 0; i < 3; i++) expect((await register("192.0.2.5")).status).not.toBe(429);
  expect((await register("192.0.2.5")).status).toBe(429);
  const recovery = createClient(RecoveryService, createGrpcTransport({ baseUrl: server.url }));
  await expect(recovery.startRecovery({ username: "x" }, { headers: from("192.0.2.5") })).rejects.toMatchObject({
    code: Code.ResourceExhausted,
  });
  for (const path of ["/device", "/sign-in", "/reset"]) {
    const post = { method: "POST", body: new URLSearchParams(), headers: from("192.0.2.5") };
    expect((await fetch(`${server.url}${path}`, post)).status).toBe(429);
  }
  expect((await get("192.0.2.5")).status).toBe(200);
});

test("the machine itself is not limited", async () => {
  for (let i = 0; i < 30; i++) expect((await fetch(`${server.url}/oauth/v2/keys`)).status).toBe(200);
});
