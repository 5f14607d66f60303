import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Makes a client a tombstone first, so that nothing new is issued to it, then counts its epoch up, so that nothing old is good.
 * After a crash between the two, `finishVoiding` counts it. Throws ETAG_MISMATCH when somebody else was quicker.
 */
export async function removeClient(
  dependencies: Pick<OauthDependencies, "store" | "clock" | "clients" | "peers">,
  call: Call,
  { record: { clientId }, version: before }: Stored<typeof StoredClientSchema>,
): Promise<void> {
  const { store, clock, clients: known } = dependencies;
  const now = clock();
  const version = before + 1;
  const tombstone = create(StoredClientSchema, { clientId, deleteTime: timestampFromMs(now) });
  const deleted = eventOf(
    call,
    now,
    { type: "client", id: clientId, version },
    { case: "clientDeleted", value: { $typeName: "koder.events.v1.ClientDeleted" } },
  );
  try {
    await store.tenant(call.tenantId).commit([replace(clients, tombstone, before)], [deleted]);
  } catch (error) {
    if (error instanceof Conflict) throw clientChangedMeanwhile();
    throw error;
  }
  known.forget(call.tenantId, clientId);
  await voidTokensOfClient(dependencies, call, clientId, version);
}
