import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResolveHostResponseSchema,
  type ResolveHostRequest,
  type ResolveHostResponse,
} from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SystemStore } from "../../store/store.ts";
import type { Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { tenants } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { defaultTenant } from "./default-tenant.ts";
import { tenantMessage } from "./tenant-message.ts";
import { tenantUnknown } from "./tenant-unknown.ts";

/**
 * Finds the tenant of a host: the public host is the default tenant's, any other must be the host of a tenant's canonical
 * origin. While the public host is loopback, its other names lead to the default tenant too; the gateway sends their
 * readers to the canonical origin.
 */
export function resolveHost(dependencies: AdminDependencies) {
  const { system, publicOrigin } = dependencies;
  return async (request: ResolveHostRequest, context: HandlerContext): Promise<ResolveHostResponse> => {
    const host = request.host.toLowerCase();
    const own = new URL(publicOrigin());
    const tenant = isDefaultHost(host, own)
      ? await defaultTenant(dependencies, callOf(context))
      : await byOrigin(system, host, own);
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

async function byOrigin(system: SystemStore, host: string, own: URL): Promise<Tenant | undefined> {
  return (await system.find(tenants, "origin", `${own.protocol}//${host}`))?.record;
}
