import { create } from "@bufbuild/protobuf";
import { OAuthPolicySchema, type OAuthPolicy as StoredPolicy } from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { Store } from "../../store/store.ts";
import { oauthPolicies, oauthPolicyId } from "../collections.ts";
import { personScopes } from "../scopes.ts";

/** What a tenant asks of all its clients, every default filled in. */
export interface OauthPolicy {
  /** Where the client does not say. */
  readonly requirePkceOfConfidentialClients: boolean;
  readonly requirePushedAuthorizationRequests: boolean;
  /** Identifier of a resource server; empty: the issuer. */
  readonly defaultAudience: string;
  readonly strictAssertionAudience: boolean;
  readonly logoutEndsOfflineGrants: boolean;
  readonly registration: RegistrationPolicy;
}

/** What clients may be that register themselves. */
export interface RegistrationPolicy {
  readonly open: boolean;
  readonly allowedScopes: readonly string[];
  readonly allowedGrantTypes: readonly string[];
  /** Undefined: as the tenant's other clients. */
  readonly requirePkce: boolean | undefined;
  readonly maxRedirectUris: number;
}

/** The policies of every tenant, each remembered for at most five seconds. */
export interface OauthPolicies {
  get(call: Pick<Call, "tenantId">): Promise<OauthPolicy>;
  /** Looks at the store the next time: the policy was changed here. */
  readonly forget: (tenantId: string) => void;
}

const remembered = { maxEntries: 10_000, ttl: 5_000 };

/** Policies over a bounded cache. What it gives is shared: it must not be changed. `clock` in milliseconds. */
export function createOauthPolicies({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: () => number;
}): OauthPolicies {
  const cache = createBoundedCache<OauthPolicy>({ ...remembered, clock });
  return {
    get: ({ tenantId }) =>
      cache.get(tenantId, async () =>
        policyWithDefaults((await store.tenant(tenantId).get(oauthPolicies, oauthPolicyId))?.record),
      ),
    forget: (tenantId) => cache.delete(tenantId),
  };
}

/** A stored policy with its defaults; the default policy where none is stored. */
export function policyWithDefaults(stored: StoredPolicy = create(OAuthPolicySchema)): OauthPolicy {
  const { registration } = stored;
  return {
    requirePkceOfConfidentialClients: stored.requirePkceOfConfidentialClients ?? true,
    requirePushedAuthorizationRequests: stored.requirePushedAuthorizationRequests,
    defaultAudience: stored.defaultAudience,
    strictAssertionAudience: stored.strictAssertionAudience,
    logoutEndsOfflineGrants: stored.logoutEndsOfflineGrants,
    registration: {
      open: registration?.open ?? false,
      allowedScopes: registration?.allowedScopes.length ? registration.allowedScopes : personScopes,
      allowedGrantTypes: registration?.allowedGrantTypes.length
        ? registration.allowedGrantTypes
        : ["authorization_code", "refresh_token"],
      requirePkce: registration?.requirePkce,
      maxRedirectUris: registration?.maxRedirectUris || 10,
    },
  };
}
