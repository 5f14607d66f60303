import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { constants, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterEach, expect, test } from "vitest";
import { EventService } from "../../gen/ts-public/koder/admin/v1/event_service_pb.ts";
import { errorId, reason } from "../core/errors.ts";
import { away, failureOf, fakeUsers, refused, type FakeUsersOptions } from "../core/fake-users.ts";
import { clientCredentials } from "./client-credentials.ts";
import { createKoderId } from "./koder-id.ts";
import { TokenError } from "./token-error.ts";

const connections = new Set<Socket>();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

/** Starts a server on a free port of this machine; answers its origin. */
async function serve(server: Server): Promise<string> {
  server.on("connection", (socket: Socket) => connections.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(async () => {
    breakConnections();
    server.close();
    await once(server, "close");
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function breakConnections(): void {
  for (const connection of connections) connection.destroy();
  connections.clear();
}

/** A user service on a port of its own, by Connect over HTTP/1.1 or by gRPC over HTTP/2. */
async function served(options: FakeUsersOptions, grpc: boolean) {
  const fake = fakeUsers(options);
  const handler = connectNodeAdapter({ routes: fake.routes });
  const origin = await serve(grpc ? createHttp2Server(handler) : createServer(handler as RequestListener));
  return { fake, origin };
}

test.each([
  ["Connect", false, "application/proto"],
  ["gRPC", true, "application/grpc+proto"],
])("errors, tenant and deadline travel over %s", async (_name, grpc, contentType) => {
  const { fake, origin } = await served({ answer: () => refused(Code.NotFound, "USER_NOT_FOUND") }, grpc);
  const { users } = createKoderId(origin, { grpc, tenant: "acme" });
  const error = await failureOf(users.getUser({ userId: "me" }));
  expect([reason(error), errorId(error)]).toEqual(["USER_NOT_FOUND", "KID-IDN-001-ABCDEF"]);
  const [arrived] = fake.arrived;
  expect(arrived?.header.get("content-type")).toBe(contentType);
  expect(arrived?.header.get("x-koder-tenant")).toBe("acme");
  expect(arrived?.timeoutMs).toBeGreaterThan(0);
});

test.each([
  ["Connect", false],
  ["gRPC", true],
])("a read is repeated while the server is away, over %s", async (_name, grpc) => {
  const { fake, origin } = await served({ answer: (n) => (n === 1 ? away() : undefined) }, grpc);
  const { user } = await createKoderId(origin, { grpc }).users.getUser({ userId: "me" });
  expect([user?.id, fake.arrived.length]).toEqual(["me", 2]);
});

test.each([
  ["Connect", false],
  ["gRPC", true],
])("a connection that breaks in the middle is repeated, over %s", async (_name, grpc) => {
  const fake = fakeUsers();
  const handler = connectNodeAdapter({ routes: fake.routes });
  let broken = 0;
  const breakFirst: typeof handler = (request, response) => {
    if (broken > 0) return handler(request, response);
    broken += 1;
    breakConnections();
  };
  const origin = await serve(grpc ? createHttp2Server(breakFirst) : createServer(breakFirst as RequestListener));
  const koderId = createKoderId(origin, { grpc });
  await koderId.users.createUser({ user: { username: "ada" } });
  expect([broken, fake.arrived.length]).toEqual([1, 1]);
  broken = 0;
  // What is no create is not repeated: nobody knows whether it was done.
  const write = createKoderId(origin, { grpc }).users.updateUser({ userId: "u" });
  expect((await failureOf(write)).code).toBe(Code.Unavailable);
  expect(fake.arrived.length).toBe(1);
});

test("a call that a stopping server refuses to begin is repeated, over gRPC", async () => {
  const fake = fakeUsers();
  const handler = connectNodeAdapter({ routes: fake.routes });
  let refusals = 0;
  const origin = await serve(
    createHttp2Server((request, response) => {
      if (refusals > 0) return handler(request, response);
      refusals += 1;
      response.stream.close(constants.NGHTTP2_REFUSED_STREAM);
    }),
  );
  const { user } = await createKoderId(origin, { grpc: true }).users.getUser({ userId: "me" });
  expect([user?.id, refusals, fake.arrived.length]).toEqual(["me", 1, 1]);
});

test.each([
  ["Connect", false],
  ["gRPC", true],
])("a stream whose connection breaks is UNAVAILABLE, one that its caller ends is not, over %s", async (_name, grpc) => {
  const routes = (router: ConnectRouter) =>
    router.service(EventService, {
      async *watchEvents(_request, { signal }) {
        yield { resumeToken: "1" };
        await once(signal, "abort");
      },
    });
  const handler = connectNodeAdapter({ routes });
  const origin = await serve(grpc ? createHttp2Server(handler) : createServer(handler as RequestListener));
  const { events } = createKoderId(origin, { grpc });
  const watch = async (end: () => void, signal?: AbortSignal) => {
    for await (const { resumeToken } of events.watchEvents({}, signal === undefined ? {} : { signal })) {
      expect(resumeToken).toBe("1");
      end();
    }
  };
  expect((await failureOf(watch(breakConnections))).code).toBe(Code.Unavailable);
  const caller = new AbortController();
  expect((await failureOf(watch(() => caller.abort(), caller.signal))).code).toBe(Code.Canceled);
  await stops.pop()?.();
  expect((await failureOf(watch(() => {}))).code).toBe(Code.Unavailable);
});

test.each([
  ["Connect", false],
  ["gRPC", true],
])("a refused connection is UNAVAILABLE, over %s", async (_name, grpc) => {
  const origin = await serve(createServer());
  await stops.pop()?.();
  const error = await failureOf(createKoderId(origin, { grpc, maxAttempts: 2 }).users.getUser({ userId: "me" }));
  expect([error.code, reason(error)]).toEqual([Code.Unavailable, undefined]);
});

test("an answer that never comes ends with the deadline", async () => {
  const silent: FakeUsersOptions = {
    answer: (_n, _request, signal) => new Promise((end) => signal.addEventListener("abort", () => end(undefined))),
  };
  const { fake, origin } = await served(silent, false);
  const error = await failureOf(createKoderId(origin, { timeoutMs: 200 }).users.getUser({ userId: "me" }));
  expect(error.code).toBe(Code.DeadlineExceeded);
  expect(fake.arrived.length).toBeLessThan(2);
});

test("an overloaded proxy in between is UNAVAILABLE, and its Retry-After is heard", async () => {
  let asked = 0;
  const origin = await serve(
    createServer((_request, response) => {
      asked += 1;
      response.writeHead(503, { "retry-after": "3600", "content-type": "text/html" }).end("<p>busy</p>");
    }),
  );
  const error = await failureOf(createKoderId(origin).users.getUser({ userId: "me" }));
  // An hour is past the deadline: it is not waited for.
  expect([error.code, asked]).toEqual([Code.Unavailable, 1]);
});

test("neither a credential nor a secret follows a redirect", async () => {
  const elsewhere: string[] = [];
  const other = await serve(
    createServer((request, response) => {
      elsewhere.push(request.url ?? "");
      response.end();
    }),
  );
  const origin = await serve(
    createServer((request, response) => {
      response.writeHead(307, { location: `${other}${request.url}` }).end();
    }),
  );
  await failureOf(createKoderId(origin, { tokenSource: () => "kak_1" }).users.getUser({ userId: "me" }));
  const credentials = clientCredentials({ origin, clientId: "robot", clientSecret: "s3cret", secretInBody: true });
  const refusal: unknown = await Promise.resolve(credentials.token(AbortSignal.timeout(10_000))).catch(
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(TokenError);
  expect(refusal).toMatchObject({ status: 307 });
  expect(elsewhere).toEqual([]);
});
