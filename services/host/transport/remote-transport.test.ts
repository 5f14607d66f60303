import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, createClient, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import { errorInfoOf, type Fault } from "../interceptors/error-mapping.ts";
import { createRemoteTransport, type PeerTls } from "./remote-transport.ts";

interface Peer {
  readonly address: string;
  readonly port: number;
  /** Calls that reached a handler. */
  readonly calls: string[];
  /** Ends the port and everything that is connected to it. */
  end(): Promise<void>;
}

/** Answers, or what `answer` does instead. */
async function peer(answer: (method: string) => void | Promise<void> = () => {}, port = 0): Promise<Peer> {
  const calls: string[] = [];
  const handle = (method: string) => async () => {
    calls.push(method);
    await answer(method);
    return {};
  };
  const routes = (router: ConnectRouter) => {
    router.service(UserService, { getUser: handle("getUser"), updateUser: handle("updateUser") });
    router.service(CredentialService, { changePassword: handle("changePassword") });
  };
  const server: Http2Server = createServer(connectNodeAdapter({ routes }));
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => sessions.add(session));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  async function end(): Promise<void> {
    for (const session of sessions) session.destroy();
    if (server.listening) await new Promise((closed) => void server.close(closed));
  }
  onTestFinished(end);
  const { port: found } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${found}`, port: found, calls, end };
}

const reported: Fault[] = [];
beforeEach(() => void (reported.length = 0));

function clientOf(...addresses: readonly string[]) {
  const transport = createRemoteTransport({
    addresses,
    tls: { caFile: undefined, certFile: undefined, keyFile: undefined },
    report: (fault) => void reported.push(fault),
    clock: Date.now,
  });
  onTestFinished(() => transport.close());
  return createClient(UserService, transport);
}

test("files that cannot be used are told of by their names and the settings'", () => {
  const missing = join(tmpdir(), "koder-id-no-such-file.pem");
  const transport = (tls: Partial<PeerTls>) => () =>
    createRemoteTransport({
      addresses: ["https://localhost:1"],
      tls: { caFile: undefined, certFile: undefined, keyFile: undefined, ...tls },
      report: () => undefined,
      clock: Date.now,
    });
  const told = (setting: string, file: string) => `the file ${file} of ${setting} cannot be used: `;
  expect(transport({ caFile: missing })).toThrow(told("KODER_ID_SERVICE_TLS_CA", missing));
  expect(transport({ certFile: missing })).toThrow(told("KODER_ID_SERVICE_TLS_CERT", missing));
  expect(transport({ keyFile: missing })).toThrow(told("KODER_ID_SERVICE_TLS_KEY", missing));
  // With no certificate in it, every peer would be refused.
  expect(transport({ caFile: import.meta.filename })).toThrow(told("KODER_ID_SERVICE_TLS_CA", import.meta.filename));
});

test("addresses take turns", async () => {
  const [a, b] = [await peer(), await peer()];
  const client = clientOf(a.address, b.address);
  for (let n = 0; n < 6; n++) await client.getUser({});
  expect([a.calls.length, b.calls.length]).toEqual([3, 3]);
});

test("one that has gone is passed over, for calls of every kind, and is used again when it is back", async () => {
  const [a, b] = [await peer(), await peer()];
  const client = clientOf(a.address, b.address);
  await client.getUser({});
  await client.getUser({});
  await a.end();
  for (let n = 0; n < 5; n++) await client.getUser({});
  for (let n = 0; n < 5; n++) await client.updateUser({});
  expect(b.calls.filter((method) => method === "updateUser")).toHaveLength(5);
  const back = await peer(undefined, a.port);
  await vi.waitFor(
    async () => {
      await client.getUser({});
      expect(back.calls.length).toBeGreaterThan(0);
    },
    { timeout: 5_000, interval: 100 },
  );
});

test("a call that was lost on its way is repeated only if doing it twice changes nothing", async () => {
  let lose = 1;
  const lossy: Peer = await peer(async () => {
    if (lose-- > 0) await lossy.end();
  });
  const other = await peer();
  const client = clientOf(lossy.address, other.address);
  // Whoever is asked first: one of two calls in a row meets the lossy one.
  await client.getUser({});
  await client.getUser({});
  expect([...lossy.calls, ...other.calls].length).toBe(3);

  let loseAgain = true;
  const second: Peer = await peer(async () => {
    if (loseAgain) await second.end();
    loseAgain = false;
  });
  const error: unknown = await clientOf(second.address)
    .updateUser({})
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ConnectError);
  expect([(error as ConnectError).code, second.calls]).toEqual([Code.Unavailable, ["updateUser"]]);
});

test("what a peer says of itself is passed on and not repeated, without the headers of its answer", async () => {
  const busy = await peer(() => {
    throw failure(ErrorReason.UNAVAILABLE, "the store is away for a moment", { retryAfter: 3 });
  });
  const error = ConnectError.from(
    await clientOf(busy.address)
      .getUser({})
      .catch((caught: unknown) => caught),
  );
  expect(busy.calls).toEqual(["getUser"]);
  expect([error.code, errorInfoOf(error)?.reason]).toEqual([Code.Unavailable, "UNAVAILABLE"]);
  expect(Object.fromEntries(error.metadata)).toEqual({ "retry-after": "3" });
});

test("what a peer of the version before does not know is asked of another one, and is UNAVAILABLE where there is none", async () => {
  const asked: string[] = [];
  const before = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(404).end();
  });
  onTestFinished(() => void before.close());
  before.listen(0, "127.0.0.1");
  await once(before, "listening");
  const { port } = before.address() as AddressInfo;
  const older = `http://127.0.0.1:${port}`;
  const newer = await peer();
  const client = clientOf(older, newer.address);
  await Promise.all(Array.from({ length: 8 }, () => client.updateUser({})));
  expect(newer.calls).toHaveLength(8);
  expect(asked.length).toBeGreaterThan(0);
  asked.length = 0;

  const error = ConnectError.from(
    await clientOf(older)
      .updateUser({})
      .catch((caught: unknown) => caught),
  );
  expect(asked).toHaveLength(1);
  expect([error.code, errorInfoOf(error)?.reason, error.metadata.get("retry-after")]).toEqual([
    Code.Unavailable,
    "UNAVAILABLE",
    "1",
  ]);
  expect(reported).toMatchObject([{ reason: "UNAVAILABLE", method: "koder.identity.v1.UserService/UpdateUser" }]);
});

test("nobody there is UNAVAILABLE, soon, with a reason, an id that was reported, and a time to come back", async () => {
  const gone = await peer();
  await gone.end();
  const error = ConnectError.from(
    await clientOf(gone.address)
      .getUser({}, { timeoutMs: 5_000, headers: { "x-request-id": "01JZZZZZZZZZZZZZZZZZZZZZZZ" } })
      .catch((caught: unknown) => caught),
  );
  const info = errorInfoOf(error);
  expect([error.code, info?.reason, error.metadata.get("retry-after")]).toEqual([Code.Unavailable, "UNAVAILABLE", "1"]);
  expect(reported).toMatchObject([
    {
      id: info?.metadata["id"],
      reason: "UNAVAILABLE",
      method: "koder.identity.v1.UserService/GetUser",
      requestId: "01JZZZZZZZZZZZZZZZZZZZZZZZ",
    },
  ]);
});

test("the deadline is passed on, and bounds all attempts together", async () => {
  const slow = await peer(() => new Promise(() => {}));
  await expect(clientOf(slow.address).getUser({}, { timeoutMs: 100 })).rejects.toMatchObject({
    code: Code.DeadlineExceeded,
  });
  const gone = await peer();
  await gone.end();
  const began = performance.now();
  await expect(clientOf(gone.address).getUser({}, { timeoutMs: 20 })).rejects.toThrow(ConnectError);
  expect(performance.now() - began).toBeLessThan(1_000);
});
