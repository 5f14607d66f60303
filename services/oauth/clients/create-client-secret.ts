import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ClientSecret } from "#gen/koder/oauth/v1/client_secret_pb.ts";
import {
  ClientService,
  CreateClientSecretRequestSchema,
  CreateClientSecretResponseSchema,
  type CreateClientSecretRequest,
  type CreateClientSecretResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { eventOf } from "../../host/event.ts";
import { violationsInWords } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { checkMayChangeClient } from "./check-may-change-client.ts";
import { clientChangedMeanwhile } from "./client-changed-meanwhile.ts";
import { clientNotFound } from "./client-not-found.ts";
import { clientSecretMessage, liveSecrets, newClientSecret, usesSecret } from "./client-secret.ts";
import { withDefaults } from "./metadata/client-defaults.ts";

/** Two: the one that is given out and the one that takes its place. */
const mostSecrets = 2;

/** Makes another secret for a client; those that have expired are forgotten with it. */
export function createClientSecret(dependencies: OauthDependencies) {
  const { store, vault, clock, idempotency, clients: known } = dependencies;
  return async (request: CreateClientSecretRequest, context: HandlerContext): Promise<CreateClientSecretResponse> => {
    const call = callOf(context);
    checkSecret(request.secret, clock());
    return idempotency.run(
      call,
      {
        method: ClientService.method.createClientSecret,
        requestId: request.requestId,
        request,
        requestSchema: CreateClientSecretRequestSchema,
        responseSchema: CreateClientSecretResponseSchema,
      },
      (remember) =>
        changeLatest(undefined, async () => {
          const now = clock();
          const data = store.tenant(call.tenantId);
          const stored = await data.get(clients, request.clientId);
          if (stored === undefined || stored.record.deleteTime) throw clientNotFound(request.clientId);
          await checkMayChangeClient(dependencies, call, stored.record);
          const before = withDefaults(stored.record);
          if (!usesSecret(before)) {
            throw oauthFailure(
              OauthErrorReason.CLIENT_SECRET_UNUSED,
              `the client authenticates by ${before.tokenEndpointAuthMethod}, without a secret`,
            );
          }
          const live = liveSecrets(before, now);
          if (live.length >= mostSecrets) {
            throw oauthFailure(OauthErrorReason.CLIENT_SECRET_LIMIT, `the client has ${mostSecrets} secrets already`);
          }
          const { value, kept } = newClientSecret(await vault.tenant(call.tenantId), now, {
            expireTime: request.secret?.expireTime,
          });
          const record = create(StoredClientSchema, {
            ...before,
            secrets: [...live, kept],
            updateTime: timestampFromMs(now),
          });
          const version = stored.version + 1;
          const { id, expireTime } = kept;
          const created = eventOf(
            call,
            now,
            { type: "client", id: record.clientId, version },
            {
              case: "clientSecretCreated",
              value: { $typeName: "koder.events.v1.ClientSecretCreated", id, ...(expireTime ? { expireTime } : {}) },
            },
          );
          const response = create(CreateClientSecretResponseSchema, { secret: clientSecretMessage(kept, value) });
          try {
            await data.commit([replace(clients, record, stored.version), ...remember(response)], [created]);
          } catch (error) {
            if (error instanceof Conflict && error.collection === clients.name) throw clientChangedMeanwhile();
            throw error;
          }
          known.forget(call.tenantId, record.clientId);
          return response;
        }),
    );
  };
}

/** Of a new secret, only when it expires can be chosen. */
function checkSecret(secret: ClientSecret | undefined, now: number): void {
  const violations = [
    ...(secret?.id ? [{ field: "secret.id", description: "is set by the server" }] : []),
    ...(secret?.clientSecret
      ? [{ field: "secret.client_secret", description: "is made by the server and cannot be chosen" }]
      : []),
    ...(secret?.createTime ? [{ field: "secret.create_time", description: "is set by the server" }] : []),
    ...(secret?.expireTime && timestampMs(secret.expireTime) <= now
      ? [{ field: "secret.expire_time", description: "must be in the future" }]
      : []),
  ];
  if (violations.length === 0) return;
  throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, violationsInWords(violations), { violations });
}
