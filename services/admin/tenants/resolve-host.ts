import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResolveHostResponseSchema,
  type ResolveHostRequest,
  type ResolveHostResponse,
} from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { withoutDefaultPort } from "../../host/default-port.ts";
import type { TenantSchema } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import type { Stored, SystemStore } from "../../store/store.ts";
import { tenantDomains, tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenant, defaultTenantSlug } from "./default-tenant.ts";
import { findTenant } from "./find-tenant.ts";
import { tenantMessage } from "./tenant-message.ts";
import { readHost } from "./tenant-origin.ts";
import { tenantUnknown } from "./tenant-unknown.ts";

/**
 * Finds the tenant of a host: the public host is the default tenant's, a name below it that of the tenant with this slug, and
 * any other name that of the tenant that has proven it to be theirs. While the public host is loopback, its other names lead
 * to the default tenant too; the gateway sends the readers of whatever is not canonical to the canonical origin.
 */
export function resolveHost(dependencies: AdminDependencies) {
  const { system, publicOrigin } = dependencies;
  return async (request: ResolveHostRequest, context: HandlerContext): Promise<ResolveHostResponse> => {
    const own = new URL(publicOrigin());
    const host = withoutDefaultPort(request.host.toLowerCase(), own.protocol);
    const tenant = isDefaultHost(host, own)
      ? await defaultTenant(dependencies, callOf(context))
      : await ofAnotherHost(system, host, own);
    if (tenant === undefined) throw tenantUnknown(`the host ${request.host}`);
    return create(ResolveHostResponseSchema, { tenant: tenantMessage(tenant, publicOrigin()) });
  };
}

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isDefaultHost(host: string, own: URL): boolean {
  if (host === own.host) return true;
  if (!loopbackNames.has(own.hostname) || !URL.canParse(`${own.protocol}//${host}`)) return false;
  const asked = new URL(`${own.protocol}//${host}`);
  return asked.host === host && asked.port === own.port && loopbackNames.has(asked.hostname);
}

async function ofAnotherHost(
  system: SystemStore,
  host: string,
  own: URL,
): Promise<Stored<typeof TenantSchema> | undefined> {
  const read = readHost(host, own.origin);
  if (read === undefined) return undefined;
  if ("slug" in read) {
    const stored = await system.find(tenants, "slug", read.slug);
    // The default tenant has the public host and no other.
    return stored?.record.goneTime === undefined && read.slug !== defaultTenantSlug ? stored : undefined;
  }
  const domain = await system.find(tenantDomains, "verified_domain", read.domain);
  return domain?.record.serving === true ? findTenant(system, domain.record.tenantId) : undefined;
}
