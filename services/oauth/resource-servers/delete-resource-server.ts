import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteResourceServerResponseSchema,
  type DeleteResourceServerRequest,
  type DeleteResourceServerResponse,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { oauthPolicies, oauthPolicyId, resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { resourceServerEtag } from "./resource-server-message.ts";
import { resourceServerInPolicy, resourceServerNotFound } from "./resource-server-refused.ts";

/**
 * Deletes a resource server. Its identifier may be given again: unlike a client id it is no credential, and the same
 * administrators say what it names. The tenant's default audience is not deleted: whoever named it next would have the tokens of
 * all applications that name no resource.
 */
export function deleteResourceServer({
  store,
  clock,
  resourceServers: known,
}: Pick<OauthDependencies, "store" | "clock" | "resourceServers">) {
  return (request: DeleteResourceServerRequest, context: HandlerContext): Promise<DeleteResourceServerResponse> =>
    changeLatest(request.etag, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(resourceServers, request.resourceServerId);
      if (stored === undefined) throw resourceServerNotFound(request.resourceServerId);
      const mismatch = () =>
        failure(ErrorReason.ETAG_MISMATCH, "etag: the resource server was changed meanwhile; read it again");
      if (request.etag !== "" && request.etag !== resourceServerEtag(stored.version)) throw mismatch();
      const policy = await data.get(oauthPolicies, oauthPolicyId);
      if (policy?.record.defaultAudience === stored.record.identifier) {
        throw resourceServerInPolicy(stored.record.identifier);
      }
      const deleted = eventOf(
        call,
        clock(),
        { type: "resource_server", id: stored.record.id, version: stored.version + 1 },
        {
          case: "resourceServerDeleted",
          value: { $typeName: "koder.events.v1.ResourceServerDeleted", identifier: stored.record.identifier },
        },
      );
      if (!(await commitUnlessChanged(data, [remove(resourceServers, stored)], [deleted]))) throw mismatch();
      known.forget(call.tenantId);
      return create(DeleteResourceServerResponseSchema, {});
    });
}
