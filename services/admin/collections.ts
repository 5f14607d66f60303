import { timestampMs } from "@bufbuild/protobuf/wkt";
import { BrandingSchema } from "#gen/koder/admin/store/v1/branding_pb.ts";
import { ApiKeySchema } from "#gen/koder/admin/store/v1/api_key_pb.ts";
import { PersonEventsSchema } from "#gen/koder/admin/store/v1/person_events_pb.ts";
import { OwnerSchema } from "#gen/koder/admin/store/v1/owner_pb.ts";
import { CredentialUseSchema, PersonalAccessTokenSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { ServedOriginSchema } from "#gen/koder/admin/store/v1/served_origin_pb.ts";
import { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { requestRecords } from "../host/idempotency.ts";
import { expireTimeOf } from "../store/expire-time.ts";
import type { Collection } from "../store/store.ts";
import { personEventsId } from "./person-events/stretch.ts";

/** The tenants of the instance, in the system's own space. */
export const tenants: Collection<typeof TenantSchema> = {
  name: "admin_tenants",
  schema: TenantSchema,
  id: (tenant) => tenant.id,
  unique: {
    slug: { type: "text", value: (tenant) => tenant.slug },
    origin: { type: "text", value: (tenant) => tenant.canonicalOrigin || undefined },
  },
  indexes: {
    /** Of those that are not gone. */
    present_slug: { type: "text", value: ({ slug, goneTime }) => (goneTime === undefined ? slug : undefined) },
    /** Of those that are to be removed, or are not yet. */
    purge_time: { type: "integer", value: ({ purgeTime }) => (purgeTime ? timestampMs(purgeTime) : undefined) },
  },
  events: "required",
};

/** The domains of tenants, in the system's own space: a host is looked up before its tenant is known. */
export const tenantDomains: Collection<typeof TenantDomainSchema> = {
  name: "admin_tenant_domains",
  schema: TenantDomainSchema,
  id: ({ tenantId, domain }) => `${tenantId}/${domain}`,
  unique: {
    /** Whoever has proven it first has it for ever, also when they have given it up (security A30). */
    verified_domain: { type: "text", value: ({ domain, verifyTime }) => (verifyTime ? domain : undefined) },
  },
  indexes: {
    tenant_id: { type: "text", value: ({ tenantId }) => tenantId },
    next_check_time: {
      type: "integer",
      value: ({ nextCheckTime }) => (nextCheckTime ? timestampMs(nextCheckTime) : undefined),
    },
  },
  events: "required",
};

/** API keys: those of a tenant in its own space, which they name; those that reach the instance in the system's. */
export const apiKeys: Collection<typeof ApiKeySchema> = {
  name: "admin_api_keys",
  schema: ApiKeySchema,
  id: (key) => key.id,
  unique: { key_hash: { type: "text", value: (key) => key.keyHash } },
  indexes: { tenant_id: { type: "text", value: (key) => key.tenantId } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** What people made for their own programs. */
export const personalAccessTokens: Collection<typeof PersonalAccessTokenSchema> = {
  name: "admin_personal_access_tokens",
  schema: PersonalAccessTokenSchema,
  id: (token) => token.id,
  unique: { token_hash: { type: "text", value: (token) => token.tokenHash } },
  indexes: { user: { type: "text", value: (token) => token.userId } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** When keys and tokens were last used; no state of the product. */
export const credentialUses: Collection<typeof CredentialUseSchema> = {
  name: "admin_credential_uses",
  schema: CredentialUseSchema,
  id: (use) => use.id,
  expiresAt: expireTimeOf,
  events: "none",
};

/** How each tenant looks: at most one record, with this id. */
export const brandings: Collection<typeof BrandingSchema> = {
  name: "admin_brandings",
  schema: BrandingSchema,
  id: ({ id }) => id,
  events: "required",
};
export const brandingId = "branding";

/** The one claim on the instance. */
export const owners: Collection<typeof OwnerSchema> = {
  name: "admin_owners",
  schema: OwnerSchema,
  id: (owner) => owner.id,
  events: "required",
};

/** The public origin of the last start; no state of the product. */
export const servedOrigins: Collection<typeof ServedOriginSchema> = {
  name: "admin_served_origins",
  schema: ServedOriginSchema,
  id: ({ id }) => id,
  events: "none",
};
export const servedOriginId = "origin";

/** Where in the log the events of people are; no state of the product, but what finds it. */
export const personEvents: Collection<typeof PersonEventsSchema> = {
  name: "admin_person_events",
  schema: PersonEventsSchema,
  id: personEventsId,
  events: "none",
};

/** The answer to the bootstrap call, where it carried a request id. */
export const adminRequests = requestRecords("admin");

/** Everything that the admin service stores. */
export const adminCollections: readonly Collection[] = [
  tenants,
  tenantDomains,
  apiKeys,
  personalAccessTokens,
  credentialUses,
  brandings,
  owners,
  servedOrigins,
  personEvents,
  adminRequests,
];
