import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ClientSchema as StoredClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import {
  RegisterClientResponseSchema,
  type RegisterClientRequest,
  type RegisterClientResponse,
} from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { checkSector } from "../clients/check-sector.ts";
import { clientCreated } from "../clients/client-created.ts";
import { clientMessage } from "../clients/client-message.ts";
import { clientMetadata } from "../clients/client-metadata.ts";
import { newClientSecret, usesSecret } from "../clients/client-secret.ts";
import { clients } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { prepareClientKeys } from "../keys/prepare-client-keys.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { underPolicy } from "./check-policy.ts";
import { checkMayRegister, countUse } from "./may-register.ts";
import { refusingMetadata } from "./metadata-refused.ts";
import { readMetadata } from "./read-metadata.ts";
import { registrationTokenUse } from "./registration-access-token.ts";
import { registrationAnswer } from "./registration-answer.ts";

/**
 * Registers a client (RFC 7591 §3): whoever asks may, the metadata are right, the policy allows them, and the initial access
 * token is not used up. The id is the server's choice; the client is a third party, whose people are asked for consent.
 */
export function registerClient(dependencies: OauthDependencies) {
  const { store, vault, clock, tenants, oauthPolicies, signingKeys } = dependencies;
  return async (request: RegisterClientRequest, context: HandlerContext): Promise<RegisterClientResponse> => {
    const call = callOf(context);
    try {
      const initialAccessToken = await checkMayRegister(dependencies, call, request.bearerToken);
      const { client } = readMetadata(request.metadataJson);
      const { registration } = await oauthPolicies.get(call);
      const wanted = { ...underPolicy(registration, client), firstParty: false };
      const metadata = await refusingMetadata(async () => {
        const checked = clientMetadata(wanted);
        await checkSector(dependencies, call, checked);
        return checked;
      });
      await countUse(dependencies, call, initialAccessToken);
      await prepareClientKeys(signingKeys, call, metadata);

      const now = clock();
      const tenantVault = await vault.tenant(call.tenantId);
      const secret = usesSecret(metadata) ? newClientSecret(tenantVault, now) : undefined;
      const token = randomToken("krat_");
      const record = create(StoredClientSchema, {
        ...metadata,
        clientId: ulid(now),
        secrets: secret === undefined ? [] : [secret.kept],
        dynamicallyRegistered: true,
        registrationTokenHash: tenantVault.keyedHash(registrationTokenUse, token),
        createTime: timestampFromMs(now),
        updateTime: timestampFromMs(now),
      });
      await store.tenant(call.tenantId).commit([insert(clients, record)], [clientCreated(call, now, record)]);
      const { canonicalOrigin } = await tenants.get(call);
      const answer = registrationAnswer(canonicalOrigin, clientMessage({ record, version: 1 }, secret?.value), token);
      return create(RegisterClientResponseSchema, { outcome: { case: "clientInformationJson", value: answer } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(RegisterClientResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
