import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { AuthorizationState } from "../authorization-request.ts";
import type { Interaction } from "./interaction.ts";

/** The person lets the client have what it asks for, or refuses (OpenID Connect Core §3.1.2.4). */
export const consent: Interaction = {
  next: "consent",
  need: (_dependencies, state) => (isConsentNeeded(state) ? refusal : undefined),
};

const refusal = { code: "consent_required", description: "the person has not agreed to what is asked for" } as const;

/** Whether a person's consent counts at all: the administrator has given it for first-party clients, unless they ask for it. */
export const needsConsent = (
  { firstParty }: Pick<Client, "firstParty">,
  { prompts }: Pick<Authorization, "prompts">,
): boolean => firstParty === false || prompts.includes("consent");

/**
 * Whether the person must be asked: about any scope that they have not let the client have, and whatever they have with
 * `prompt=consent`, until they agreed for this request. `offline_access` is a scope like any other: that it was agreed to
 * before is the other condition that OpenID Connect Core §11 leaves room for.
 */
export function isConsentNeeded({
  client,
  authorization,
  session,
  consent: given,
  groups,
}: Pick<AuthorizationState, "client" | "authorization" | "session" | "consent" | "groups">): boolean {
  if (session === undefined || !needsConsent(client, authorization)) return false;
  if (authorization.prompts.includes("consent") && authorization.consentedUserId !== session.userId) return true;
  if (client.firstParty !== false) return false;
  return groups.some(({ resource, scopes }) => {
    const granted = given?.record.granted.find((one) => one.resource === resource);
    return granted === undefined || scopes.some(({ scope }) => !granted.scopes.includes(scope));
  });
}
