import { create } from "@bufbuild/protobuf";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import { beforeEach, describe, expect, test } from "vitest";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { ServiceCallBinding } from "../../vault/service-token.ts";
import { forward, outboundKey, readActor, type Outbound } from "../call.ts";
import { errorInfoOf } from "../interceptors/error-mapping.ts";
import { createPeerTransport } from "./peer-transport.ts";

const now = 1_000_000;
const outbound: Outbound = {
  requestId: "01JZZZZZZZZZZZZZZZZZZZZZZZ",
  tenantId: "t1",
  actor: { id: "a:b/ü", type: ActorType.USER },
  deadline: now + 4_000,
};

interface Sent {
  readonly header: Headers;
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly outbound: Outbound | undefined;
}
let sent: Sent[];
let bindings: ServiceCallBinding[];
beforeEach(() => {
  sent = [];
  bindings = [];
});

const recording: Transport = {
  async unary(method, signal, timeoutMs, header, _input, contextValues) {
    sent.push({ header: new Headers(header), timeoutMs, signal, outbound: contextValues?.get(outboundKey) });
    return {
      stream: false,
      service: method.parent,
      method,
      header: new Headers(),
      trailer: new Headers(),
      message: create(method.output),
    };
  },
  stream: () => Promise.reject(new Error("no streams here")),
};

const client = createClient(
  UserService,
  createPeerTransport({
    transport: recording,
    audience: "identity",
    serviceToken(binding) {
      bindings.push(binding);
      return "token";
    },
    clock: () => now,
  }),
);

describe("a call to a peer", () => {
  test("carries the caller's proof, whose call it is, and the time that is left", async () => {
    const { signal } = new AbortController();
    await client.getUser({}, forward({ ...outbound, signal }));
    expect(bindings).toEqual([
      { audience: "identity", method: "koder.identity.v1.UserService/GetUser", tenantId: "t1" },
    ]);
    const [{ header, timeoutMs } = { header: new Headers(), timeoutMs: 0 }] = sent;
    expect(Object.fromEntries(header)).toEqual({
      "x-koder-service-token": "token",
      "x-request-id": outbound.requestId,
      "x-koder-actor": "USER:a%3Ab%2F%C3%BC",
    });
    expect(readActor(header.get("x-koder-actor") ?? "")).toEqual(outbound.actor);
    expect(timeoutMs).toBe(4_000);
    expect(sent[0]?.signal).toBe(signal);
  });

  test("leaves behind what is this service's own, and what a caller adds by hand", async () => {
    await client.getUser({}, { ...forward(outbound), headers: { "x-koder-actor": "USER:root", cookie: "c" } });
    expect(sent[0]?.outbound).toBeUndefined();
    expect(sent[0]?.header.get("x-koder-actor")).not.toBe("USER:root");
    expect(sent[0]?.header.has("cookie")).toBe(false);
  });

  test("hands on the user's credential and the tenant asked for where there are such", async () => {
    await client.getUser({}, forward({ ...outbound, authorization: "Bearer x", tenantHeader: "acme" }));
    expect([sent[0]?.header.get("authorization"), sent[0]?.header.get("x-koder-tenant")]).toEqual(["Bearer x", "acme"]);
  });

  test("takes no longer than the call that it is part of, and no longer than asked", async () => {
    await client.getUser({}, { ...forward(outbound), timeoutMs: 60_000 });
    await client.getUser({}, { ...forward(outbound), timeoutMs: 1_000 });
    expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([4_000, 1_000]);
  });

  test("does not leave when its time is up", async () => {
    const error: unknown = await client.getUser({}, forward({ ...outbound, deadline: now })).catch((caught) => caught);
    expect(error).toMatchObject({ code: Code.DeadlineExceeded });
    expect(errorInfoOf(error as never)?.reason).toBe("DEADLINE_EXCEEDED");
    expect(sent).toEqual([]);
  });

  test("does not leave without forward(call)", async () => {
    await expect(client.getUser({})).rejects.toThrow(
      "koder.identity.v1.UserService/GetUser was called without forward(call)",
    );
    expect(sent).toEqual([]);
  });
});
