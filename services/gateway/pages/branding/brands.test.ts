import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { ActorType, EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { createPeers } from "../../../host/peers.ts";
import { usualBrand } from "./brand.ts";
import { createBrands } from "./brands.ts";

function fixture() {
  const known = { now: 0, asked: 0, warned: 0, away: false, name: "One" };
  const transport = createRouterTransport(({ service }) => {
    service(ShownBrandingService, {
      getShownBranding() {
        known.asked += 1;
        if (known.away) throw new ConnectError("away", Code.Unavailable);
        return { branding: { displayName: known.name } };
      },
    });
  });
  const peers = createPeers(() => transport);
  const brands = createBrands({ peers, clock: () => known.now, log: { warn: () => void (known.warned += 1) } });
  const call = { requestId: "r", tenantId: "t1", deadline: 10_000, actor: { id: "", type: ActorType.UNSPECIFIED } };
  return { known, brands, call };
}
const told = (tenantId: string, resourceType: string) => ({ tenantId, event: create(EventSchema, { resourceType }) });

test("a brand is asked for once in five seconds, and again when an event tells of it", async () => {
  const { known, brands, call } = fixture();
  expect(brands.peek("t1")).toBeUndefined();
  for (const at of [0, 4_999]) {
    known.now = at;
    expect((await brands.get(call)).displayName).toBe("One");
  }
  expect(known.asked).toBe(1);
  known.name = "Two";
  brands.forget(told("t2", "branding"));
  brands.forget(told("t1", "tenant"));
  expect(brands.peek("t1")?.displayName).toBe("One");
  brands.forget(told("t1", "branding"));
  expect(brands.peek("t1")).toBeUndefined();
  expect((await brands.get(call)).displayName).toBe("Two");
  known.now = 10_000;
  await brands.get(call);
  expect(known.asked).toBe(3);
});

test("a page is shown as usual where the branding cannot be had, which is no longer remembered than it lasts", async () => {
  const { known, brands, call } = fixture();
  known.away = true;
  expect(await brands.get(call)).toBe(usualBrand);
  expect(known.warned).toBe(1);
  known.away = false;
  expect((await brands.get(call)).displayName).toBe("One");
});
