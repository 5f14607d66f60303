import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Code, createRouterTransport, createClient, type CallOptions } from "@connectrpc/connect";
import { expect, test } from "vitest";
import * as health from "../../gen/ts/grpc/health/v1/health_pb.ts";
import { failureOf, fakeUsers, guardedUsers } from "./fake-users.ts";
import { guardTransport } from "./guard-transport.ts";
import { readOptions } from "./options.ts";
import { servicesOver } from "./services.ts";
import { staticToken } from "./token-source.ts";

const generated = join(import.meta.dirname, "../../gen/ts-public");
const sources = globSync("koder/**/*.ts", { cwd: generated }).map((path) =>
  readFileSync(join(generated, path), "utf8"),
);

test("tenant and deadline travel", async () => {
  const fake = fakeUsers();
  await guardedUsers(fake, { tenant: "acme", timeoutMs: 60_000 }).users.getUser({ userId: "me" });
  const [arrived] = fake.arrived;
  expect(arrived?.header.get("x-koder-tenant")).toBe("acme");
  expect(arrived?.timeoutMs).toBeGreaterThan(0);
  expect(arrived?.timeoutMs).toBeLessThanOrEqual(60_000);
});

/** A server that gives no answer, until the call has ended. */
const silent = () =>
  fakeUsers({ answer: (_n, _request, signal) => new Promise((end) => signal.addEventListener("abort", () => end(1))) });

test("the default deadline ends a call, which is not repeated", async () => {
  const fake = silent();
  const error = await failureOf(guardedUsers(fake, { timeoutMs: 100 }).users.getUser({ userId: "me" }));
  expect(error.code).toBe(Code.DeadlineExceeded);
  expect(fake.arrived.length).toBeLessThan(2);
});

test("a call's own deadline wins, and 0 means none", async () => {
  const fake = fakeUsers();
  const { users } = guardedUsers(fake, { timeoutMs: 60_000 });
  await users.getUser({ userId: "me" }, { timeoutMs: 2 ** 40 });
  await users.getUser({ userId: "me" }, { timeoutMs: 0 });
  expect(fake.arrived[0]?.timeoutMs).toBeGreaterThan(60_000);
  expect(fake.arrived[1]?.timeoutMs).toBeUndefined();
  expect((await failureOf(guardedUsers(silent()).users.getUser({ userId: "me" }, { timeoutMs: 1 }))).code).toBe(
    Code.DeadlineExceeded,
  );
});

test("a caller's signal ends a call, before it began and while it runs", async () => {
  const fake = silent();
  const { users } = guardedUsers(fake);
  expect((await failureOf(users.getUser({ userId: "me" }, { signal: AbortSignal.abort() }))).code).toBe(Code.Canceled);
  const controller = new AbortController();
  const call = users.getUser({ userId: "me" }, { signal: controller.signal });
  controller.abort();
  expect((await failureOf(call)).code).toBe(Code.Canceled);
});

test("everything that cannot be right is named at once", () => {
  const read = () => readOptions("id.example.com", { timeoutMs: 0, maxAttempts: 0.5, tenant: "two words" });
  for (const part of [/^origin: /m, /^timeoutMs: 0 /m, /^maxAttempts: 0.5 /m, /^tenant: "two words" /m]) {
    expect(read).toThrow(part);
  }
  for (const timeoutMs of [-1, Infinity, Number.NaN]) {
    expect(() => readOptions("https://id.example.com", { timeoutMs })).toThrow(/^timeoutMs: /);
  }
});

test("a stream has the credential and the tenant, and no deadline but its caller's", async () => {
  const arrived: { readonly header: Headers; readonly timeoutMs: number | undefined }[] = [];
  const wire = createRouterTransport(({ service }) => {
    service(health.Health, {
      async *watch(_request, context) {
        arrived.push({ header: context.requestHeader, timeoutMs: context.timeoutMs() });
        yield { status: health.HealthCheckResponse_ServingStatus.SERVING };
        yield { status: health.HealthCheckResponse_ServingStatus.NOT_SERVING };
      },
    });
  });
  const settings = readOptions("https://id.example.com", {
    tokenSource: staticToken("kak_1"),
    tenant: "acme",
    timeoutMs: 5,
  });
  const client = createClient(health.Health, guardTransport(wire, settings));
  const watch = (options: CallOptions = {}) => Array.fromAsync(client.watch({}, options));
  expect((await watch()).map(({ status }) => status)).toEqual([1, 2]);
  await watch({ timeoutMs: 60_000, headers: { authorization: "Bearer own" } });
  expect(arrived.map(({ header }) => [header.get("authorization"), header.get("x-koder-tenant")])).toEqual([
    ["Bearer kak_1", "acme"],
    ["Bearer own", "acme"],
  ]);
  expect(arrived[0]?.timeoutMs).toBeUndefined();
  expect(arrived[1]?.timeoutMs).toBeGreaterThan(5);
});

test("the contract has streams of answers only", () => {
  const kinds = sources.flatMap((source) => [...source.matchAll(/methodKind: "(\w+)"/g)].map(([, kind]) => kind));
  expect(new Set(kinds)).toEqual(new Set(["unary", "server_streaming"]));
});

/** Of what there is one, whoever asks. */
const oneOfEach = new Set([
  "system",
  "oauthpolicy",
  "account",
  "email",
  "recovery",
  "signup",
  "authenticationpolicy",
  "passwordpolicy",
  "usernamepolicy",
  "branding",
  "mailserver",
  "mailsettings",
]);

test("every public service has its client", () => {
  const services = sources.flatMap((source) =>
    [...source.matchAll(/service (koder\.[\w.]+)$/gm)].map(([, name]) => name),
  );
  const offered = Object.keys(servicesOver(createRouterTransport(() => {}))).map((name) => name.toLowerCase());
  const expected = services.map((name = "") => {
    const resource = name.slice(name.lastIndexOf(".") + 1, -"Service".length).toLowerCase();
    if (oneOfEach.has(resource)) return resource;
    return resource.endsWith("y") && !resource.endsWith("key") ? `${resource.slice(0, -1)}ies` : `${resource}s`;
  });
  expect(expected.length).toBeGreaterThan(0);
  expect(offered.toSorted()).toEqual(expected.toSorted());
});

test("every list of reasons of the contract is in the type", () => {
  const reasons = readFileSync(join(import.meta.dirname, "reasons.ts"), "utf8");
  const enums = globSync("koder/*/v1/errors_pb.ts", { cwd: generated }).map((path) => {
    const [, name = ""] = /export const (\w*ErrorReason) = \{/.exec(readFileSync(join(generated, path), "utf8")) ?? [];
    return name;
  });
  expect(enums.length).toBeGreaterThan(1);
  const named = [...reasons.matchAll(/keyof typeof (\w+)/g)].map(([, name = ""]) => name);
  expect(named.toSorted()).toEqual(
    enums.map((name) => (name === "ErrorReason" ? "CommonErrorReason" : name)).toSorted(),
  );
});
