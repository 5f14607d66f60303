import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { reason } from "../../core/errors.ts";
import { pages } from "../../core/pages.ts";
import type { TenantServices } from "./tenant-services.ts";
import type { TenantState } from "./tenant-state.ts";

/** Whether the instance has no tenant of this id or name. Whoever asks needs authority over the instance. */
export async function isMissing({ tenants }: Pick<TenantServices, "tenants">, tenantId: string): Promise<boolean> {
  try {
    await tenants.getTenant({ tenantId });
    return false;
  } catch (error) {
    if (reason(error) === "TENANT_UNKNOWN") return true;
    throw error;
  }
}

/**
 * What a tenant has that is about to be created: the built-in roles, which every tenant has, and of which the one that is asked
 * tells. A file is compared with it before there is a tenant, so that one that is not right leaves none behind.
 */
export async function stateOfNewTenant({ roles }: Pick<TenantServices, "roles">): Promise<TenantState> {
  const every = await Array.fromAsync(pages(roles.listRoles, { pageSize: 200 }, (page) => page.roles));
  const builtIn = every.filter((role) => role.builtIn);
  return {
    lists: {
      clients: [],
      resource_servers: [],
      roles: builtIn.map(({ id, etag, name }) => ({ id, etag, name, json: { name }, links: {}, fixed: true })),
      groups: [],
      mail_templates: [],
    },
    singles: { branding: {}, authentication_policy: {} },
    etags: {},
    usualMails: new Map(),
    secrets: new Set(),
  };
}

/** Creates a tenant of this name, with the settings that a file says of it. */
export async function createTenant(
  { tenants }: Pick<TenantServices, "tenants">,
  slug: string,
  settings: JsonObject = {},
): Promise<void> {
  await tenants.createTenant({ tenant: fromJson(TenantSchema, { ...settings, slug }) });
}
