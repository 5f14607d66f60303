import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import {
  ClientService,
  CreateClientRequestSchema,
  CreateClientResponseSchema,
  type CreateClientRequest,
  type CreateClientResponse,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { checkMappedAttributes } from "./check-mapped-attributes.ts";
import { checkMayChangeClient } from "./check-may-change-client.ts";
import { checkSector } from "./check-sector.ts";
import { clientCreated } from "./client-created.ts";
import { clientMessage } from "./client-message.ts";
import { prepareClientKeys } from "../keys/prepare-client-keys.ts";
import { clientMetadata } from "./client-metadata.ts";
import { checkChosenSecret, newClientSecret, usesSecret } from "./client-secret.ts";

/**
 * Creates a client with the id that was asked for, or a new one; a confidential one gets a secret of 256 random bits, its
 * creator's where they bring one.
 */
export function createClient(dependencies: OauthDependencies) {
  const { store, vault, clock, idempotency, signingKeys, outbound } = dependencies;
  return async (request: CreateClientRequest, context: HandlerContext): Promise<CreateClientResponse> => {
    const call = callOf(context);
    if (request.client === undefined) throw failure(ErrorReason.INVALID_REQUEST, "client: is required");
    const { clientSecret: chosen, ...asked } = request.client;
    const metadata = clientMetadata({ ...asked, clientSecret: "" });
    checkChosenSecret(metadata, chosen);
    const { scopes, grantTypes } = metadata;
    await checkMayChangeClient(dependencies, call, { clientId: asked.clientId, scopes, grantTypes });
    await checkSector({ outbound }, call, metadata);
    const tenantVault = await vault.tenant(call.tenantId);
    return idempotency.run(
      call,
      {
        method: ClientService.method.createClient,
        requestId: request.requestId,
        request,
        requestSchema: CreateClientRequestSchema,
        responseSchema: CreateClientResponseSchema,
      },
      async (remember) => {
        await checkMappedAttributes(dependencies, call, metadata);
        await prepareClientKeys(signingKeys, call, metadata);
        const now = clock();
        const secret = usesSecret(metadata) ? newClientSecret(tenantVault, now, { value: chosen }) : undefined;
        const record = create(StoredClientSchema, {
          ...metadata,
          clientId: asked.clientId || ulid(now),
          secrets: secret === undefined ? [] : [secret.kept],
          createTime: timestampFromMs(now),
          updateTime: timestampFromMs(now),
        });
        const response = create(CreateClientResponseSchema, {
          client: clientMessage({ record, version: 1 }, secret?.value),
        });
        try {
          await store
            .tenant(call.tenantId)
            .commit([insert(clients, record), ...remember(response)], [clientCreated(call, now, record)]);
        } catch (error) {
          if (!(error instanceof Conflict) || error.collection !== clients.name) throw error;
          throw oauthFailure(
            OauthErrorReason.CLIENT_ID_TAKEN,
            `client_id: ${record.clientId} is taken, or was once; ids are never given twice`,
            { violations: [{ field: "client.client_id", description: "must not have been used before" }] },
          );
        }
        return response;
      },
    );
  };
}
