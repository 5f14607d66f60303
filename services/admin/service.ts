import { ApiKeyVerificationService } from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { SystemService } from "#gen/koder/admin/v1/system_service_pb.ts";
import { TenantDirectoryService } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import { verifyApiKey } from "./api-keys/verify-api-key.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import type { AdminDependencies } from "./dependencies.ts";
import { getSystemHealth } from "./system/get-system-health.ts";
import { lookupTenant } from "./tenants/lookup-tenant.ts";
import { resolveHost } from "./tenants/resolve-host.ts";

/** The admin service: the tenant directory, API keys, and the instance as a whole. */
export function createAdminService(dependencies: AdminDependencies): ServiceModule {
  return {
    name: "admin",
    implementations: [
      implementation(SystemService, {
        bootstrap: bootstrap(dependencies),
        getSystemHealth: getSystemHealth(dependencies),
      }),
      implementation(TenantDirectoryService, {
        resolveHost: resolveHost(dependencies),
        lookupTenant: lookupTenant(dependencies),
      }),
      implementation(ApiKeyVerificationService, { verifyApiKey: verifyApiKey(dependencies) }),
    ],
  };
}
