import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import {
  DeleteClientResponseSchema,
  type DeleteClientRequest,
  type DeleteClientResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { clientEtag } from "./client-message.ts";
import { clientNotFound } from "./client-not-found.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Deletes a client: its tombstone first, so that nothing new is issued to it, then its epoch, so that nothing old is good,
 * then the answer. After a crash between the two, `finishDeletion` counts the epoch up, and so does a repeat on the
 * tombstone before it says that there is no such client.
 */
export function deleteClient(dependencies: OauthDependencies) {
  const { store, clock, clients: known } = dependencies;
  return async (request: DeleteClientRequest, context: HandlerContext): Promise<DeleteClientResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(clients, request.clientId);
    if (stored === undefined) throw clientNotFound(request.clientId);
    if (stored.record.deleteTime) {
      await voidTokensOfClient(dependencies, call, request.clientId, stored.version);
      throw clientNotFound(request.clientId);
    }
    const mismatch = () => failure(ErrorReason.ETAG_MISMATCH, "etag: the client was changed meanwhile; read it again");
    if (request.etag !== "" && request.etag !== clientEtag(stored.version)) throw mismatch();
    const now = clock();
    const version = stored.version + 1;
    const tombstone = create(StoredClientSchema, {
      clientId: request.clientId,
      deleteTime: timestampFromMs(now),
    });
    const deleted = eventOf(
      call,
      now,
      { type: "client", id: request.clientId, version },
      { case: "clientDeleted", value: { $typeName: "koder.events.v1.ClientDeleted" } },
    );
    try {
      await data.commit([replace(clients, tombstone, stored.version)], [deleted]);
    } catch (error) {
      if (error instanceof Conflict) throw mismatch();
      throw error;
    }
    known.forget(call.tenantId, request.clientId);
    await voidTokensOfClient(dependencies, call, request.clientId, version);
    return create(DeleteClientResponseSchema, {});
  };
}
