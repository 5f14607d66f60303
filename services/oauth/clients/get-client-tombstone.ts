import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetClientTombstoneResponseSchema,
  type GetClientTombstoneRequest,
  type GetClientTombstoneResponse,
} from "#gen/koder/oauth/v1/client_tombstone_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** Whether a client of the tenant was deleted, read from the store. */
export function getClientTombstone({ store }: Pick<OauthDependencies, "store">) {
  return async (
    { clientId }: GetClientTombstoneRequest,
    context: HandlerContext,
  ): Promise<GetClientTombstoneResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(clients, clientId);
    return create(GetClientTombstoneResponseSchema, { deleted: stored?.record.deleteTime !== undefined });
  };
}
