import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { TenantState, type Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import {
  CreateTenantRequestSchema,
  CreateTenantResponseSchema,
  TenantService,
  type CreateTenantRequest,
  type CreateTenantResponse,
} from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure, type FieldViolation } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";
import { tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { slugFault } from "./slug.ts";
import { tenantEvent } from "./tenant-events.ts";
import { tenantMessage } from "./tenant-message.ts";
import { tenantOrigin } from "./tenant-origin.ts";
import { refuseFaults, settingsFaults } from "./tenant-settings.ts";

/**
 * Creates a tenant: one record. Its keys and whatever else it needs are made when it is used first, so that tenants that nobody
 * uses cost nothing. A slug that was given once, to whomever, is never given again (security A30).
 */
export function createTenant({
  system,
  idempotency,
  clock,
  publicOrigin,
}: Pick<AdminDependencies, "system" | "idempotency" | "clock" | "publicOrigin">) {
  return async (request: CreateTenantRequest, context: HandlerContext): Promise<CreateTenantResponse> => {
    const call = callOf(context);
    const asked = request.tenant;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "tenant: is required");
    const { slug, defaultDomain } = asked;
    const displayName = asked.displayName === "" ? slug : asked.displayName;
    const wrongSlug = slugFault(slug) ?? hostFault(slug, publicOrigin());
    refuseFaults([
      ...setByServer(asked),
      ...(wrongSlug === undefined ? [] : [{ field: "tenant.slug", description: wrongSlug }]),
      ...settingsFaults({ displayName, defaultDomain }),
    ]);
    return idempotency.run(
      call,
      {
        method: TenantService.method.createTenant,
        requestId: request.requestId,
        request,
        requestSchema: CreateTenantRequestSchema,
        responseSchema: CreateTenantResponseSchema,
      },
      async (remember) => {
        const now = clock();
        const record = create(TenantSchema, {
          id: ulid(now),
          slug,
          displayName,
          defaultDomain,
          active: true,
          createTime: timestampFromMs(now),
          updateTime: timestampFromMs(now),
        });
        const tenant = tenantMessage({ record, version: 1 }, publicOrigin());
        const response = create(CreateTenantResponseSchema, { tenant });
        const value = { $typeName: "koder.events.v1.TenantCreated", slug } as const;
        const resource = { id: record.id, version: 1 };
        const created = tenantEvent(system, call, now, resource, { case: "tenantCreated", value });
        try {
          await system.commit([insert(tenants, record), ...remember(response)], [created]);
        } catch (error) {
          if (!(error instanceof Conflict) || error.index !== "slug") throw error;
          throw adminFailure(AdminErrorReason.TENANT_SLUG_TAKEN, `slug: ${slug} is or was another tenant's`, {
            violations: [{ field: "tenant.slug", description: "must be of no other tenant, past ones included" }],
          });
        }
        return response;
      },
    );
  };
}

/** A tenant has a host below the public one from its beginning. */
function hostFault(slug: string, publicOrigin: string): string | undefined {
  if (URL.canParse(tenantOrigin({ slug, canonicalOrigin: "", customDomain: "" }, publicOrigin))) return undefined;
  return `cannot be a name below ${publicOrigin}: tenants need a public URL that is at a name, not at an address`;
}

function setByServer(asked: Tenant): FieldViolation[] {
  const sent = {
    id: asked.id !== "",
    canonical_origin: asked.canonicalOrigin !== "",
    active: asked.active,
    state: asked.state !== TenantState.UNSPECIFIED,
    custom_domain: asked.customDomain !== "",
    purge_time: asked.purgeTime !== undefined,
    create_time: asked.createTime !== undefined,
    update_time: asked.updateTime !== undefined,
    etag: asked.etag !== "",
  };
  return Object.entries(sent).flatMap(([field, isSent]) =>
    isSent ? [{ field: `tenant.${field}`, description: "is not set when a tenant is created" }] : [],
  );
}
