import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { ResolveHostResponseSchema } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { createPeers } from "../host/peers.ts";
import { createTenantOfHost } from "./tenant-of-host.ts";

/** A directory of the hosts that the test fills in, and a clock that it moves. */
function fixture() {
  let now = 0;
  const directory = new Map([["acme.example", { id: "t1", active: true }]]);
  const transport = {
    async unary(method, _signal, _timeoutMs, _header, input) {
      const found = directory.get((input as { host: string }).host);
      if (found === undefined) throw new ConnectError("unknown", Code.NotFound);
      const message = create(ResolveHostResponseSchema, { tenant: create(TenantSchema, found) });
      const headers = { header: new Headers(), trailer: new Headers() };
      return { stream: false, service: method.parent, method, ...headers, message };
    },
    stream: () => Promise.reject(new Error("no streams here")),
  } as Transport;
  const hosts = createTenantOfHost({ peers: createPeers(() => transport), clock: () => now });
  return {
    directory,
    advance: (milliseconds: number) => void (now += milliseconds),
    tenantOf: async (host: string) => (await hosts.get(host, "r"))?.id,
    told: (resourceId: string, resourceType = "tenant") =>
      hosts.forget({
        position: 1,
        number: 1,
        tenantId: "system",
        event: create(EventSchema, { resourceType, resourceId }),
      }),
  };
}

test("without any event, a tenant that no longer serves is refused after five seconds, and a new one is found", async () => {
  const { directory, advance, tenantOf } = fixture();
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", undefined]);
  directory.set("acme.example", { id: "t1", active: false }).set("new.example", { id: "t2", active: true });
  advance(4_999);
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", undefined]);
  advance(1);
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual([undefined, "t2"]);
});

test("an event of a tenant ends what is remembered of its hosts, and of hosts that nobody had", async () => {
  const { directory, tenantOf, told } = fixture();
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", undefined]);
  directory.set("acme.example", { id: "t1", active: false }).set("new.example", { id: "t2", active: true });
  told("t2");
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", "t2"]);
  told("t1");
  expect(await tenantOf("acme.example")).toBeUndefined();
});

test("an event of a domain does so for its tenant; one of anything else does not", async () => {
  const { directory, tenantOf, told } = fixture();
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", undefined]);
  directory.set("acme.example", { id: "t1", active: false }).set("new.example", { id: "t2", active: true });
  told("t1/acme.example", "user");
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", undefined]);
  told("t2/new.example", "tenant_domain");
  expect([await tenantOf("acme.example"), await tenantOf("new.example")]).toEqual(["t1", "t2"]);
  told("t1/acme.example", "tenant_domain");
  expect(await tenantOf("acme.example")).toBeUndefined();
});
