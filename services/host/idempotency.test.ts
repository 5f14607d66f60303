import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  CreateClientRequestSchema,
  CreateClientResponseSchema,
  ClientService,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { openStore } from "../store/open-store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { createIdempotency, requestRecords } from "./idempotency.ts";
import { testCall } from "./testing/handler-context.ts";

const requestId = "6f1c1d0e-3f0a-4a53-9a57-0b5a4a1f7d10";

async function fixture() {
  let now = 0;
  let made = 0;
  const clock = () => now;
  const collection = requestRecords("oauth");
  const store = await openStore({ url: "memory:", collections: [vaultTenantKeys, collection], clock });
  const idempotency = createIdempotency({ store, vault: testVault(store, clock), clock, collection });
  const run = (id: string, name: string, call = testCall()) =>
    idempotency.run(
      call,
      {
        method: ClientService.method.createClient,
        requestId: id,
        requestSchema: CreateClientRequestSchema,
        request: create(CreateClientRequestSchema, { requestId: id, client: { clientName: name } }),
        responseSchema: CreateClientResponseSchema,
      },
      async (remember) => {
        made += 1;
        const response = create(CreateClientResponseSchema, { client: { clientId: `c${made}`, clientSecret: "s" } });
        const writes = remember(response);
        if (writes.length > 0) await store.tenant(call.tenantId).commit(writes, []);
        return response;
      },
    );
  return { run, store, collection, advance: (milliseconds: number) => void (now += milliseconds) };
}

describe("request ids", () => {
  test("a repeat within a day answers the first result, its secret too", async () => {
    const { run, advance } = await fixture();
    const first = await run(requestId, "a");
    advance(86_399_999);
    expect(await run(requestId.toUpperCase(), "a")).toEqual(first);
    await expect(run(requestId.toUpperCase(), "b")).rejects.toThrow(/another request/);
    expect(await run(requestId, "a")).toEqual(first);
    advance(1);
    expect((await run(requestId, "a")).client?.clientId).toBe("c2");
    expect((await run("", "a")).client?.clientId).toBe("c3");
  });
  test("another request, or another caller, is refused", async () => {
    const { run } = await fixture();
    await run(requestId, "a");
    await expect(run(requestId, "b")).rejects.toThrow(/another request/);
    await expect(run(requestId, "a", testCall({ actor: { id: "x", type: 1 } }))).rejects.toThrow(/another request/);
    expect((await run(requestId, "a", testCall({ tenantId: "t2" }))).client?.clientId).toBe("c2");
  });
  test("of many at once one is done, and all are answered the same", async () => {
    const { run } = await fixture();
    const answers = await Promise.all(Array.from({ length: 20 }, () => run(requestId, "a")));
    expect(new Set(answers.map(({ client }) => client?.clientId)).size).toBe(1);
  });
  test("what is kept is sealed", async () => {
    const { run, store, collection } = await fixture();
    await run(requestId, "a");
    const { items } = await store.tenant("t1").page(collection, { index: "id", limit: 10 });
    expect(Buffer.from(items[0]?.record.sealedResponse ?? []).includes("c1")).toBe(false);
  });
});
