import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteClientResponseSchema,
  type DeleteClientRequest,
  type DeleteClientResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { checkMayChangeClient } from "./check-may-change-client.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";
import { clientEtag } from "./client-message.ts";
import { clientNotFound } from "./client-not-found.ts";
import { removeClient } from "./remove-client.ts";
import { voidTokensOfClient } from "./void-tokens-of-client.ts";

/**
 * Deletes a client and ends everything issued to it before the answer. A repeat on its tombstone counts the epoch up where a
 * crash came before that, and then says that there is no such client.
 */
export function deleteClient(dependencies: OauthDependencies) {
  return (request: DeleteClientRequest, context: HandlerContext): Promise<DeleteClientResponse> =>
    changeLatest(request.etag, async () => {
      const call = callOf(context);
      const stored = await dependencies.store.tenant(call.tenantId).get(clients, request.clientId);
      if (stored === undefined) throw clientNotFound(request.clientId);
      if (stored.record.deleteTime) {
        await voidTokensOfClient(dependencies, call, request.clientId, stored.version);
        throw clientNotFound(request.clientId);
      }
      await checkMayChangeClient(dependencies, call, stored.record);
      if (request.etag !== "" && request.etag !== clientEtag(stored.version)) throw clientChangedMeanwhile();
      await removeClient(dependencies, call, stored);
      return create(DeleteClientResponseSchema, {});
    });
}
