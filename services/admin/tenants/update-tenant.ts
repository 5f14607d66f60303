import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import {
  UpdateTenantResponseSchema,
  type UpdateTenantRequest,
  type UpdateTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { callOf } from "../../host/call.ts";
import { readUpdate } from "../../host/read-update.ts";
import { adminFailure } from "../admin-failure.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { changeTenant, refuseDefault } from "./change-tenant.ts";
import { domainOf } from "./domains/domain-of.ts";
import { tenantEvent } from "./tenant-events.ts";
import { tenantMessage } from "./tenant-message.ts";
import { refuseFaults, settingsFaults } from "./tenant-settings.ts";

/** What each path of a mask changes. */
const settingOf: Readonly<Record<string, "displayName" | "defaultDomain" | "customDomain" | undefined>> = {
  display_name: "displayName",
  default_domain: "defaultDomain",
  custom_domain: "customDomain",
};

/** Changes the settings that the mask names, all or none; `*` names each, and what else of a tenant is sent with it is passed over. */
export function updateTenant(dependencies: Pick<AdminDependencies, "system" | "clock" | "publicOrigin">) {
  const { system, publicOrigin } = dependencies;
  return async (request: UpdateTenantRequest, context: HandlerContext): Promise<UpdateTenantResponse> => {
    const call = callOf(context);
    const { tenantId } = request;
    const { asked, paths: named } = readUpdate(request.tenant, request.updateMask);
    const paths = named.includes("*") ? Object.keys(settingOf) : named;
    const changes = changesOf(paths, asked);
    const stored = await changeTenant(dependencies, { tenantId, etag: asked.etag }, async (before, now) => {
      await checkDomain(system, before.record.id, changes.customDomain);
      const record = create(TenantSchema, { ...before.record, ...changes });
      refuseFaults(settingsFaults(record));
      if (record.customDomain !== "") refuseDefault(record, "is at the public URL, and has no domain of its own");
      const value = { $typeName: "koder.events.v1.TenantUpdated", paths } as const;
      const resource = { id: record.id, version: before.version + 1 };
      return { record, event: tenantEvent(system, call, now, resource, { case: "tenantUpdated", value }) };
    });
    return create(UpdateTenantResponseSchema, { tenant: tenantMessage(stored, publicOrigin()) });
  };
}

function changesOf(paths: readonly string[], asked: Tenant): Partial<Pick<Tenant, "customDomain">> {
  refuseFaults(
    paths
      .filter((path) => !Object.hasOwn(settingOf, path))
      .map((path) => ({ field: `tenant.${path}`, description: "cannot be changed" })),
  );
  return Object.fromEntries(
    paths.flatMap((path) => {
      const name = settingOf[path];
      return name === undefined ? [] : [[name, asked[name]]];
    }),
  );
}

/** A canonical origin is at a domain that is proven and the tenant's own. Whoever takes it from them changes the tenant's version. */
async function checkDomain(
  system: AdminDependencies["system"],
  tenantId: string,
  domain: string | undefined,
): Promise<void> {
  if (domain === undefined || domain === "") return;
  const stored = await domainOf(system, tenantId, domain);
  if (stored?.record.serving === true) return;
  throw adminFailure(
    AdminErrorReason.TENANT_DOMAIN_NOT_FOUND,
    "custom_domain: must be a verified domain of the tenant",
    {
      violations: [{ field: "tenant.custom_domain", description: "must be a verified domain of the tenant" }],
    },
  );
}
