import type { Client } from "#gen/koder/oauth/v1/client_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import type { RegistrationPolicy } from "../policy/oauth-policies.ts";
import { parseScope } from "../scopes.ts";
import { metadataRefused } from "./metadata-refused.ts";

/**
 * What a client that registers itself may be, at first and after every change (security A20). Where it does not say which
 * scopes it may ask for, it gets those that the policy allows. Throws OAuthRefusal.
 */
export function underPolicy(policy: RegistrationPolicy, client: Client): Client {
  const violations: FieldViolation[] = [];
  const grantTypes = client.grantTypes.length > 0 ? client.grantTypes : ["authorization_code"];
  for (const grantType of grantTypes) {
    if (!policy.allowedGrantTypes.includes(grantType)) {
      violations.push({ field: "grant_types", description: `must not hold ${grantType}` });
    }
  }
  const scope = client.scope === "" ? policy.allowedScopes.join(" ") : client.scope;
  if (parseScope(scope)?.some((one) => !policy.allowedScopes.includes(one))) {
    violations.push({ field: "scope", description: `must be among ${policy.allowedScopes.join(" ")}` });
  }
  if (client.redirectUris.length > policy.maxRedirectUris) {
    violations.push({ field: "redirect_uris", description: `must be ${policy.maxRedirectUris} at most` });
  }
  if (violations.length > 0) throw metadataRefused(violations);
  const { requirePkce } = policy;
  // A public client always must.
  const says = requirePkce !== undefined && client.tokenEndpointAuthMethod !== "none";
  return { ...client, scope, ...(says ? { requirePkce } : {}) };
}
