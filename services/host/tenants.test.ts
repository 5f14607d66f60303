import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { LookupTenantResponseSchema, TenantDirectoryService } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { outboundKey, type Outbound } from "./call.ts";
import { failure } from "./failure.ts";
import { createPeers } from "./peers.ts";
import { createTenants } from "./tenants.ts";
import { testCall } from "./testing/handler-context.ts";
import type { Transport } from "@connectrpc/connect";

/** A directory of `acme`, active as the test says, that may be away. */
function fixture() {
  let now = 0;
  const state = { active: true, away: false, asked: [] as string[], outbound: undefined as Outbound | undefined };
  const transport = {
    async unary(method, _signal, _timeoutMs, _header, input, contextValues) {
      expect(method).toBe(TenantDirectoryService.method.lookupTenant);
      const { tenant } = input as { tenant: string };
      state.asked.push(tenant);
      state.outbound = contextValues?.get(outboundKey);
      if (state.away) throw failure(ErrorReason.UNAVAILABLE, "the store is away for a moment", { retryAfter: 1 });
      if (tenant !== "acme") throw new ConnectError("unknown", Code.NotFound);
      const message = create(LookupTenantResponseSchema, {
        tenant: create(TenantSchema, { id: "t1", active: state.active }),
      });
      const headers = { header: new Headers(), trailer: new Headers() };
      return { stream: false, service: method.parent, method, ...headers, message };
    },
    stream: () => Promise.reject(new Error("no streams here")),
  } as Transport;
  const tenants = createTenants({ peers: createPeers(() => transport), clock: () => now });
  return { tenants, state, advance: (milliseconds: number) => void (now += milliseconds) };
}

describe("tenants", () => {
  test("are asked for once for all who want one, and again after five seconds", async () => {
    const { tenants, state, advance } = fixture();
    const call = testCall({ tenantId: "acme" });
    const found = await Promise.all(Array.from({ length: 20 }, () => tenants.get(call)));
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set(["t1"]));
    advance(4_999);
    await tenants.lookup(call, "acme");
    expect(state.asked).toEqual(["acme"]);
    advance(1);
    await tenants.get(call);
    expect(state.asked).toEqual(["acme", "acme"]);
  });

  test("that do not serve, or are not there, or could not be, are not found; the first within five seconds", async () => {
    const { tenants, state, advance } = fixture();
    const lookup = (name: string) => tenants.lookup(testCall(), name);
    await lookup("acme");
    state.active = false;
    advance(5_000);
    await expect(lookup("acme")).rejects.toMatchObject({ code: Code.NotFound });
    await expect(lookup("nobody")).rejects.toThrow(/no tenant/);
    state.asked.length = 0;
    for (const name of ["a/b", "ü", "a".repeat(65), "a b"]) await expect(lookup(name)).rejects.toThrow(/no tenant/);
    expect(state.asked).toEqual([]);
  });

  test("are asked for anew after an event of theirs, by whatever name they are known", async () => {
    const { tenants, state } = fixture();
    await tenants.lookup(testCall(), "acme");
    const told = (resourceType: string, resourceId: string) =>
      tenants.forget({
        position: 1,
        number: 1,
        tenantId: "system",
        event: create(EventSchema, { resourceType, resourceId }),
      });
    state.active = false;
    told("tenant", "t2");
    told("client", "t1");
    expect((await tenants.lookup(testCall(), "acme")).id).toBe("t1");
    told("tenant", "t1");
    await expect(tenants.lookup(testCall(), "acme")).rejects.toThrow(/no tenant/);
  });

  test("are not taken for unknown while the directory is away", async () => {
    const { tenants, state } = fixture();
    state.away = true;
    await expect(tenants.get(testCall({ tenantId: "acme" }))).rejects.toMatchObject({ code: Code.Unavailable });
    state.away = false;
    expect((await tenants.get(testCall({ tenantId: "acme" }))).id).toBe("t1");
  });

  test("are nobody's own question: neither signal nor haste goes along, and the directory is the system's", async () => {
    const { tenants, state } = fixture();
    await tenants.get(testCall({ tenantId: "acme", deadline: 1 }));
    expect(state.outbound).toMatchObject({ tenantId: "system", deadline: 15_000 });
    expect(state.outbound?.signal).toBeUndefined();
  });
});
