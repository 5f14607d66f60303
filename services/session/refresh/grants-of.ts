import type { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import type { CodeSchema } from "#gen/koder/session/store/v1/code_pb.ts";
import type { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import type { Collection, Stored, TenantStore } from "../../store/store.ts";
import { codes, deviceCodes, grants, userClientKey } from "../collections.ts";

const pageLength = 100;

/** Every grant that a person gave to a client and that has a row. */
export const grantsOfClient = (
  data: TenantStore,
  userId: string,
  clientId: string,
): AsyncGenerator<Stored<typeof GrantSchema>> =>
  having(data, grants, "user_client", userClientKey({ userId, clientId }));

/** Every grant for offline use that ends when this session's person signs out. */
export const grantsEndingAtLogout = (
  data: TenantStore,
  sessionId: string,
): AsyncGenerator<Stored<typeof GrantSchema>> => having(data, grants, "logout_session_id", sessionId);

/** Every code, used ones included, that was issued to a client for a person. */
export const codesOfClient = (
  data: TenantStore,
  userId: string,
  clientId: string,
): AsyncGenerator<Stored<typeof CodeSchema>> => having(data, codes, "user_client", userClientKey({ userId, clientId }));

/** Every device code, used ones included, that a person has decided about for a client. */
export const deviceCodesOfClient = (
  data: TenantStore,
  userId: string,
  clientId: string,
): AsyncGenerator<Stored<typeof DeviceCodeSchema>> =>
  having(data, deviceCodes, "user_client", userClientKey({ userId, clientId }));

async function* having<Desc extends typeof GrantSchema | typeof CodeSchema | typeof DeviceCodeSchema>(
  data: TenantStore,
  collection: Collection<Desc>,
  index: string,
  equals: string,
): AsyncGenerator<Stored<Desc>> {
  let page = await data.page(collection, { index, equals, limit: pageLength });
  for (;;) {
    yield* page.items;
    if (page.next === undefined) return;
    page = await data.page(collection, { index, equals, limit: pageLength, after: page.next });
  }
}
