import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetResourceServerResponseSchema,
  type GetResourceServerRequest,
  type GetResourceServerResponse,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { resourceServerMessage } from "./resource-server-message.ts";
import { resourceServerNotFound } from "./resource-server-refused.ts";

/** One resource server of the tenant, read from the store. */
export function getResourceServer({ store }: Pick<OauthDependencies, "store">) {
  return async (request: GetResourceServerRequest, context: HandlerContext): Promise<GetResourceServerResponse> => {
    const { resourceServerId } = request;
    const stored = await store.tenant(callOf(context).tenantId).get(resourceServers, resourceServerId);
    if (stored === undefined) throw resourceServerNotFound(resourceServerId);
    return create(GetResourceServerResponseSchema, { resourceServer: resourceServerMessage(stored) });
  };
}
