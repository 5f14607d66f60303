import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import {
  DeleteClientSecretResponseSchema,
  type DeleteClientSecretRequest,
  type DeleteClientSecretResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { checkMayChangeClient } from "./check-may-change-client.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";
import { clientNotFound } from "./client-not-found.ts";
import { withDefaults } from "./metadata/client-defaults.ts";

/** Has a secret refused from now on, the client's last one too: a secret that leaked must go at once. */
export function deleteClientSecret(dependencies: OauthDependencies) {
  const { store, clock, clients: known } = dependencies;
  return (request: DeleteClientSecretRequest, context: HandlerContext): Promise<DeleteClientSecretResponse> =>
    changeLatest(undefined, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(clients, request.clientId);
      if (stored === undefined || stored.record.deleteTime) throw clientNotFound(request.clientId);
      await checkMayChangeClient(dependencies, call, stored.record);
      const before = withDefaults(stored.record);
      const secrets = before.secrets.filter(({ id }) => id !== request.secretId);
      if (secrets.length === before.secrets.length) {
        throw oauthFailure(OauthErrorReason.CLIENT_SECRET_NOT_FOUND, "the client has no secret with this id");
      }
      const now = clock();
      const record = create(StoredClientSchema, { ...before, secrets, updateTime: timestampFromMs(now) });
      const deleted = eventOf(
        call,
        now,
        { type: "client", id: record.clientId, version: stored.version + 1 },
        {
          case: "clientSecretDeleted",
          value: { $typeName: "koder.events.v1.ClientSecretDeleted", id: request.secretId },
        },
      );
      const isDone = await commitUnlessChanged(data, [replace(clients, record, stored.version)], [deleted]);
      if (!isDone) throw clientChangedMeanwhile();
      known.forget(call.tenantId, record.clientId);
      return create(DeleteClientSecretResponseSchema, {});
    });
}
