import { create } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { HandlerContext } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Client as StoredClient } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import {
  UpdateRegistrationResponseSchema,
  type UpdateRegistrationRequest,
  type UpdateRegistrationResponse,
} from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { actingScopes } from "../acting-scopes.ts";
import { changeClient } from "../clients/change-client.ts";
import { clientMessage } from "../clients/client-message.ts";
import { isClientSecret } from "../clients/client-secret.ts";
import { withDefaults } from "../clients/metadata/client-defaults.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { parseScope } from "../scopes.ts";
import { underPolicy } from "./check-policy.ts";
import { metadataRefused, refusingMetadata } from "./metadata-refused.ts";
import { present, readMetadata, type SentMetadata } from "./read-metadata.ts";
import { registeredMembers } from "./registered-members.ts";
import { registeredClient } from "./registration-access-token.ts";
import { registrationAnswer } from "./registration-answer.ts";

/** What the server alone says (RFC 7592 §2.2). */
const serversOwn = [
  "registration_access_token",
  "registration_client_uri",
  "client_secret_expires_at",
  "client_id_issued_at",
];

/**
 * Replaces the metadata of a client by those that it sends; what it leaves out has its default again (RFC 7592 §2.2). The policy
 * of now holds, whatever held when it registered, and what the administrator set stays. The registration access token stays
 * the same: a client that loses the answer is not locked out.
 */
export function updateRegistration(dependencies: OauthDependencies) {
  return async (request: UpdateRegistrationRequest, context: HandlerContext): Promise<UpdateRegistrationResponse> => {
    const call = callOf(context);
    try {
      const client = await changeLatest(undefined, async () => {
        const stored = await registeredClient(dependencies, call, request);
        const sent = readMetadata(request.metadataJson);
        await checkOwn(dependencies, call, withDefaults(stored.record), sent);
        const { registration } = await dependencies.oauthPolicies.get(call);
        const wanted = replaced(clientMessage(stored), underPolicy(registration, sent.client));
        checkScopesOfHouse(wanted);
        const actor = { id: request.clientId, type: ActorType.CLIENT };
        const changed = await refusingMetadata(() =>
          changeClient(dependencies, { ...call, actor }, stored, wanted, registeredMembers),
        );
        return changed.client;
      });
      const { canonicalOrigin } = await dependencies.tenants.get(call);
      const answer = registrationAnswer(canonicalOrigin, client, request.bearerToken);
      return create(UpdateRegistrationResponseSchema, { outcome: { case: "clientInformationJson", value: answer } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(UpdateRegistrationResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}

/** The client names itself, by its own secret if by any, and leaves out what is not its to say; null is as good as nothing. */
async function checkOwn(
  dependencies: Pick<OauthDependencies, "vault" | "clock">,
  call: Call,
  stored: StoredClient,
  { json }: SentMetadata,
): Promise<void> {
  const violations: FieldViolation[] = serversOwn
    .filter((name) => Object.hasOwn(json, name) && present(json[name]))
    .map((field) => ({ field, description: "must not be sent" }));
  if (json["client_id"] !== stored.clientId) {
    violations.push({ field: "client_id", description: "must be the client's own" });
  }
  const secret = json["client_secret"];
  if (present(secret)) {
    const isOwn = typeof secret === "string" && (await isClientSecret(dependencies, call, stored, secret));
    if (!isOwn) violations.push({ field: "client_secret", description: "must be the client's own, or left out" });
  }
  if (violations.length > 0) throw metadataRefused(violations);
}

/**
 * Refuses an application of the house the scopes by which it would act in the name of people who are not asked: whoever made it the
 * house's was weighed by those that it had then, and the policy gives others for those whom people are asked about (security A14).
 */
function checkScopesOfHouse({ firstParty, scope }: Client): void {
  if (firstParty === false) return;
  const acting = actingScopes(parseScope(scope) ?? []);
  if (acting.length === 0) return;
  const description = `must not hold ${acting.join(" ")}, which an administrator gives an application of the house`;
  throw metadataRefused([{ field: "scope", description }]);
}

/** A client, changed in place: with the metadata of another that are its own to say, and the rest as it was. */
function replaced(before: Client, said: Client): Client {
  const [to, from] = [reflect(ClientSchema, before), reflect(ClientSchema, said)];
  for (const field of ClientSchema.fields) {
    // The policy's word on PKCE came with what was said.
    const isSaid = registeredMembers.includes(field.name) || (field.name === "require_pkce" && from.isSet(field));
    if (!isSaid) continue;
    if (from.isSet(field)) to.set(field, from.get(field));
    else to.clear(field);
  }
  return before;
}
