import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RegistrationPolicySchema as StoredRegistrationSchema,
  type OAuthPolicy as StoredPolicy,
} from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { OAuthPolicy } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import {
  UpdateOAuthPolicyResponseSchema,
  type UpdateOAuthPolicyRequest,
  type UpdateOAuthPolicyResponse,
} from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { oauthPolicies, oauthPolicyId, resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { checkMayGiveScopes } from "../clients/check-may-change-client.ts";
import { parseScope } from "../scopes.ts";
import { policyWithDefaults } from "./oauth-policies.ts";
import { policyMessage } from "./policy-message.ts";

/**
 * Changes the fields of the tenant's policy that the mask names, all or none. Nobody lets clients that register themselves have what
 * their own credential does not.
 */
export function updateOauthPolicy(needs: Pick<OauthDependencies, "store" | "clock" | "oauthPolicies" | "tenants">) {
  return async (request: UpdateOAuthPolicyRequest, context: HandlerContext): Promise<UpdateOAuthPolicyResponse> => {
    const call = callOf(context);
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.policy,
      mask: request.updateMask,
      change,
      async check(record, paths) {
        const { defaultAudience, registration } = policyWithDefaults(record);
        if (paths.includes("registration")) {
          await checkMayGiveScopes(needs, call, { scopes: registration.allowedScopes });
        }
        if (!paths.includes("default_audience") || defaultAudience === "") return;
        const server = await needs.store.tenant(call.tenantId).find(resourceServers, "identifier", defaultAudience);
        if (server === undefined) throw invalid("default_audience", "must be the identifier of a resource server");
      },
      event: (paths) => ({
        case: "oauthPolicyUpdated",
        value: { $typeName: "koder.events.v1.OAuthPolicyUpdated", paths },
      }),
    });
    needs.oauthPolicies.forget(call.tenantId);
    return create(UpdateOAuthPolicyResponseSchema, { policy: policyMessage(stored) });
  };
}

const place = { collection: oauthPolicies, id: oauthPolicyId, resourceType: "oauth_policy", name: "policy" };

const invalid = (path: string, description: string) =>
  oauthFailure(OauthErrorReason.POLICY_INVALID, `${path}: ${description}`, {
    violations: [{ field: `policy.${path}`, description }],
  });

/** What one path of the mask changes. Throws POLICY_INVALID for one that this call cannot, or to what is none. */
function change(path: string, policy: OAuthPolicy): Partial<Record<keyof StoredPolicy, unknown>> {
  switch (path) {
    case "require_pkce_of_confidential_clients":
      return { requirePkceOfConfidentialClients: policy.requirePkceOfConfidentialClients };
    case "require_pushed_authorization_requests":
      return { requirePushedAuthorizationRequests: policy.requirePushedAuthorizationRequests };
    case "default_audience":
      if (policy.defaultAudience === "" || isIdentifier(policy.defaultAudience)) {
        return { defaultAudience: policy.defaultAudience };
      }
      throw invalid(path, "must be an absolute URI without a fragment");
    case "strict_assertion_audience":
      return { strictAssertionAudience: policy.strictAssertionAudience };
    case "logout_ends_offline_grants":
      return { logoutEndsOfflineGrants: policy.logoutEndsOfflineGrants };
    case "registration":
      return { registration: storedRegistration(policy) };
    default:
      throw invalid(path, "cannot be changed by this call");
  }
}

/** RFC 8707 §2. */
const isIdentifier = (uri: string): boolean =>
  /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/.test(uri) && !uri.includes("#") && URL.canParse(uri);

function storedRegistration({ registration }: OAuthPolicy) {
  if (registration === undefined) return undefined;
  const { open, allowedScopes, allowedGrantTypes, requirePkce, maxRedirectUris } = registration;
  if (parseScope(allowedScopes.join(" "))?.length !== allowedScopes.length) {
    throw invalid("registration.allowed_scopes", "must be scope tokens");
  }
  return create(StoredRegistrationSchema, {
    open,
    allowedScopes,
    allowedGrantTypes,
    maxRedirectUris,
    ...(requirePkce === undefined ? {} : { requirePkce }),
  });
}
