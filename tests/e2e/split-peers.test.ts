import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UserService } from "../../gen/ts/koder/identity/v1/user_service_pb.ts";
import { serviceNames, type ServiceName } from "../../services/host/call.ts";
import { startPeerProxy, type PeerProxy } from "../support/peer-proxy.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  registerClient,
  tokenRequest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { startSplitServer, type SplitServer } from "../support/split-server.ts";

let server: SplitServer;
let client: RelyingParty;
let accessToken: string;
/** Between the gateway and identity. */
let proxy: PeerProxy;

beforeAll(async () => {
  proxy = await startPeerProxy();
  server = await startSplitServer({
    via(caller, callee, address) {
      if (caller !== "gateway" || callee !== "identity") return address;
      proxy.use(address);
      return proxy.origin;
    },
  });
  client = await registerClient(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    scope: "openid profile email offline_access jobs.read",
  });
  const person = await createPerson(server);
  ({ accessToken } = await tokensFor(server, client, person.username));
});
afterAll(async () => {
  await server?.stop();
  await proxy?.stop();
});

const get = (path: string, credential?: string) =>
  fetch(`${server.url}${path}`, credential === undefined ? {} : { headers: { authorization: `Bearer ${credential}` } });

/** Sends the sign-in form with the right password. */
async function signInForm(): Promise<Response> {
  const browser = httpBrowser();
  const person = await createPerson(server);
  const pending = locationOf(await browser.get(authorizationRequest(server, client).url), server.url);
  const authorization = pending.searchParams.get("authorization") ?? "";
  return browser.post(`${server.url}/sign-in`, { authorization, username: person.username, password });
}

/** A call of each service that cannot be answered without it. */
const needs: Readonly<
  Record<Exclude<ServiceName, "gateway">, () => Promise<{ readonly status: number; readonly headers: Headers }>>
> = {
  identity: () => get("/v1/users", server.adminApiKey),
  auth: signInForm,
  oauth: () => tokenRequest(server, client, { grant_type: "client_credentials" }),
  session: () => get("/oidc/v1/userinfo", accessToken),
  admin: () => get("/v1/clients", server.adminApiKey),
};
const names = serviceNames.filter((name) => name !== "gateway");

function processOf(name: ServiceName) {
  const [process] = server.processes.get(name) ?? [];
  if (process === undefined) throw new Error(`no process of ${name}`);
  return process;
}

describe("peers come and go", () => {
  test.each(names)("%s is killed and comes back, and nobody else is started again", async (name) => {
    const well = async () => expect((await needs[name]()).status).toBeLessThan(400);
    await well();
    const pids = names.map((other) => processOf(other).pid);
    await processOf(name).end("SIGKILL");
    for (let n = 0; n < 3; n++) {
      const { status, headers } = await needs[name]();
      expect(status).toBe(503);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    await server.restart(name);
    await vi.waitFor(well, { timeout: 10_000, interval: 50 });
    await well();
    const changed = names.filter((other, index) => processOf(other).pid !== pids[index]);
    expect(changed).toEqual([name]);
  });

  test("an application that sends a person while oauth is away has them see a page that says so", async () => {
    const { url } = authorizationRequest(server, client);
    const { origin, pathname, searchParams } = new URL(url);
    await processOf("oauth").end("SIGKILL");
    for (const { status, headers } of [
      await httpBrowser().get(url),
      await httpBrowser().post(`${origin}${pathname}`, Object.fromEntries(searchParams)),
    ]) {
      expect([status, Number(headers.get("retry-after")) > 0]).toEqual([503, true]);
      expect(headers.get("content-type")).toMatch(/^text\/html/);
    }
    await server.restart("oauth");
    await vi.waitFor(async () => expect((await httpBrowser().get(url)).status).toBe(303), {
      timeout: 10_000,
      interval: 50,
    });
  });

  test("a gateway that starts while everything else is away serves once it is there", async () => {
    const { pid } = processOf("gateway");
    await processOf("gateway").end("SIGKILL");
    await processOf("admin").end("SIGKILL");
    await server.restart("gateway");
    expect(processOf("gateway").pid).not.toBe(pid);
    const away = await get("/.well-known/openid-configuration");
    expect([away.status, Number(away.headers.get("retry-after")) > 0]).toEqual([503, true]);
    await server.restart("admin");
    await vi.waitFor(async () => expect((await get("/.well-known/openid-configuration")).status).toBe(200), {
      timeout: 10_000,
      interval: 50,
    });
  });

  test("one that is there and says nothing is given up before the deadline", async () => {
    const frozen = processOf("oauth").pid;
    const clients = () => get("/v1/clients", server.adminApiKey);
    expect((await clients()).status).toBe(200);
    process.kill(frozen, "SIGSTOP");
    try {
      const { status, headers } = await clients();
      // At the deadline it would be 504.
      expect([status, Number(headers.get("retry-after")) > 0]).toEqual([503, true]);
    } finally {
      process.kill(frozen, "SIGCONT");
    }
    await vi.waitFor(async () => expect((await clients()).status).toBe(200), { timeout: 10_000, interval: 50 });
  });

  test("callers by RPC are told UNAVAILABLE", async () => {
    const users = createClient(
      UserService,
      createConnectTransport({ baseUrl: server.url, httpVersion: "1.1", acceptCompression: [] }),
    );
    const headers = { authorization: `Bearer ${server.adminApiKey}` };
    await users.listUsers({}, { headers });
    await processOf("identity").end("SIGKILL");
    const error = ConnectError.from(await users.listUsers({}, { headers }).catch((caught: unknown) => caught));
    expect([error.code, error.metadata.get("retry-after")]).toEqual([Code.Unavailable, "1"]);
    await server.restart("identity");
    await vi.waitFor(async () => users.listUsers({}, { headers }), { timeout: 10_000, interval: 50 });
  });
});

describe("calls between processes", () => {
  const users = "koder.identity.v1.UserService";
  const call = (method: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/${users}/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${server.adminApiKey}`, ...headers },
      body: JSON.stringify(body),
    });

  test("the caller's deadline goes along, less what was spent of it", async () => {
    const timeouts = async (headers: Record<string, string>) => {
      proxy.seen("");
      expect((await call("ListUsers", {}, headers)).status).toBe(200);
      return proxy.seen(`${users}/ListUsers`).map((seen) => Number(seen["connect-timeout-ms"]));
    };
    const [asked = 0, ...more] = await timeouts({ "connect-timeout-ms": "9000" });
    expect(more).toEqual([]);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(9_000);
    const [usual = 0] = await timeouts({});
    expect(usual).toBeGreaterThan(9_000);
    expect(usual).toBeLessThanOrEqual(15_000);
  });

  test("a read whose answer was lost is repeated, and the caller notices nothing", async () => {
    const person = await createPerson(server);
    proxy.seen("");
    proxy.loseNextAnswer(`${users}/GetUser`);
    const answer = await call("GetUser", { userId: person.id });
    expect([answer.status, proxy.seen(`${users}/GetUser`).length]).toEqual([200, 2]);
  });

  test("a write whose answer was lost is not: the caller learns it, and may repeat it by its request id", async () => {
    const body = { user: { username: "lost-and-found" }, requestId: crypto.randomUUID() };
    proxy.seen("");
    proxy.loseNextAnswer(`${users}/CreateUser`);
    const lost = await call("CreateUser", body);
    expect([lost.status, Number(lost.headers.get("retry-after")) > 0]).toEqual([503, true]);
    expect(proxy.seen(`${users}/CreateUser`)).toHaveLength(1);
    const listed = async () => {
      const { users: found } = (await (await call("ListUsers", { usernamePrefix: "lost-and" })).json()) as {
        readonly users?: readonly unknown[];
      };
      return found?.length ?? 0;
    };
    expect(await listed()).toBe(1);
    expect((await call("CreateUser", body)).status).toBe(200);
    expect(await listed()).toBe(1);
  });

  test("many calls share one connection, which stays", async () => {
    await call("ListUsers", {});
    const before = proxy.connections();
    for (let n = 0; n < 10; n++) expect((await call("ListUsers", {})).status).toBe(200);
    await Promise.all(Array.from({ length: 10 }, () => call("ListUsers", {})));
    expect(proxy.connections()).toBe(before);
  });

  test("what the gateway hands on is its own token, the request's id and the caller's credential, and nothing else", async () => {
    proxy.seen("");
    await call("ListUsers", {}, { cookie: "koder_session=x", "x-forwarded-for": "192.0.2.1", "x-other": "y" });
    const [headers = {}] = proxy.seen(`${users}/ListUsers`);
    expect(Object.keys(headers).filter((name) => name.startsWith("x-koder") || name === "x-request-id")).toEqual(
      expect.arrayContaining(["x-koder-service-token", "x-koder-actor", "x-request-id"]),
    );
    expect(Object.keys(headers).filter((name) => ["cookie", "x-forwarded-for", "x-other"].includes(name))).toEqual([]);
    expect(headers["authorization"]).toBe(`Bearer ${server.adminApiKey}`);
  });
});
