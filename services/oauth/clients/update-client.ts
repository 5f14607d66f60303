import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import {
  UpdateClientResponseSchema,
  type UpdateClientRequest,
  type UpdateClientResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { parseScope } from "../scopes.ts";
import { changeClient } from "./change-client.ts";
import { checkMayChangeClient, checkMayGiveScopes } from "./check-may-change-client.ts";
import { clientEtag, clientMessage } from "./client-message.ts";
import { setByServer } from "./client-metadata.ts";
import { clientNotFound } from "./client-not-found.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";

/** Changes the fields that the mask names, all or none; what comes of it is checked as at creation (security A20). */
export function updateClient(dependencies: OauthDependencies) {
  return (request: UpdateClientRequest, context: HandlerContext): Promise<UpdateClientResponse> =>
    changeLatest(request.client?.etag, async () => {
      const call = callOf(context);
      const { asked, paths } = readUpdate(request.client, request.updateMask);
      const stored = await dependencies.store.tenant(call.tenantId).get(clients, request.clientId);
      if (stored === undefined || stored.record.deleteTime) throw clientNotFound(request.clientId);
      await checkMayChangeClient(dependencies, call, stored.record);
      if (asked.etag !== "" && asked.etag !== clientEtag(stored.version)) throw clientChangedMeanwhile();
      const wanted = merged(clientMessage(stored), asked, paths);
      const { scope, grantTypes } = wanted;
      await checkMayGiveScopes(dependencies, call, { scopes: parseScope(scope) ?? [], grantTypes });
      const { client } = await changeClient(dependencies, call, stored, wanted, paths);
      return create(UpdateClientResponseSchema, { client });
    });
}

/** The client, changed in place: with these fields of another. Throws CLIENT_METADATA_INVALID for those that are not to change. */
function merged(before: Client, asked: Client, paths: readonly string[]): Client {
  const [to, from] = [reflect(ClientSchema, before), reflect(ClientSchema, asked)];
  for (const path of paths) {
    const field = ClientSchema.fields.find(({ name }) => name === path);
    if (field === undefined || setByServer.includes(path)) {
      throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `${path}: cannot be changed by this call`, {
        violations: [{ field: `client.${path}`, description: "cannot be changed by this call" }],
      });
    }
    if (from.isSet(field)) to.set(field, from.get(field));
    else to.clear(field);
  }
  return before;
}
