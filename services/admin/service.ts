import { ApiKeyVerificationService } from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { BrandingService } from "#gen/koder/admin/v1/branding_service_pb.ts";
import { ApiKeyService } from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { EventService } from "#gen/koder/admin/v1/event_service_pb.ts";
import { PersonalAccessTokenService } from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { SystemService } from "#gen/koder/admin/v1/system_service_pb.ts";
import { TenantService } from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { TenantDirectoryService } from "#gen/koder/admin/v1/tenant_internal_pb.ts";
import { PersonalDataService } from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import { createApiKey } from "./api-keys/create-api-key.ts";
import { deleteApiKey } from "./api-keys/delete-api-key.ts";
import { listApiKeys } from "./api-keys/list-api-keys.ts";
import { verifyApiKey } from "./api-keys/verify-api-key.ts";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { getBranding } from "./branding/get-branding.ts";
import { getBrandingImage, getShownBranding } from "./branding/shown-branding.ts";
import { updateBranding } from "./branding/update-branding.ts";
import type { AdminDependencies } from "./dependencies.ts";
import { listEvents } from "./events/list-events.ts";
import { createPersonalAccessToken } from "./personal-access-tokens/create-personal-access-token.ts";
import { deletePersonalAccessToken } from "./personal-access-tokens/delete-personal-access-token.ts";
import { collectPersonalData } from "./personal-data.ts";
import { collectEvents } from "./person-events/collect-events.ts";
import { notePersonEvents } from "./person-events/note-person-events.ts";
import { watchEvents } from "./events/watch-events.ts";
import { finishErasure } from "./personal-access-tokens/finish-erasure.ts";
import { listPersonalAccessTokens } from "./personal-access-tokens/list-personal-access-tokens.ts";
import { verifyPersonalAccessToken } from "./personal-access-tokens/verify-personal-access-token.ts";
import { getSystemHealth } from "./system/get-system-health.ts";
import { lookupTenant } from "./tenants/lookup-tenant.ts";
import { resolveHost } from "./tenants/resolve-host.ts";
import { createTenant } from "./tenants/create-tenant.ts";
import { getTenant } from "./tenants/get-tenant.ts";
import { listTenants } from "./tenants/list-tenants.ts";
import { updateTenant } from "./tenants/update-tenant.ts";
import { suspendTenant } from "./tenants/suspend-tenant.ts";
import { resumeTenant } from "./tenants/resume-tenant.ts";
import { deleteTenant } from "./tenants/delete-tenant.ts";
import { addTenantDomain } from "./tenants/domains/add-tenant-domain.ts";
import { listTenantDomains } from "./tenants/domains/list-tenant-domains.ts";
import { verifyTenantDomain } from "./tenants/domains/verify-tenant-domain.ts";
import { removeTenantDomain } from "./tenants/domains/remove-tenant-domain.ts";
import { recheckDomains } from "./tenants/domains/recheck-domains.ts";
import { purgeDueTenants } from "./tenants/purge-due-tenants.ts";

/** The admin service: the tenant directory, API keys, and the instance as a whole. */
export function createAdminService(dependencies: AdminDependencies): ServiceModule {
  return {
    name: "admin",
    implementations: [
      implementation(SystemService, {
        bootstrap: bootstrap(dependencies),
        getSystemHealth: getSystemHealth(dependencies),
      }),
      implementation(TenantService, {
        createTenant: createTenant(dependencies),
        getTenant: getTenant(dependencies),
        listTenants: listTenants(dependencies),
        updateTenant: updateTenant(dependencies),
        suspendTenant: suspendTenant(dependencies),
        resumeTenant: resumeTenant(dependencies),
        deleteTenant: deleteTenant(dependencies),
        addTenantDomain: addTenantDomain(dependencies),
        listTenantDomains: listTenantDomains(dependencies),
        verifyTenantDomain: verifyTenantDomain(dependencies),
        removeTenantDomain: removeTenantDomain(dependencies),
      }),
      implementation(TenantDirectoryService, {
        resolveHost: resolveHost(dependencies),
        lookupTenant: lookupTenant(dependencies),
      }),
      implementation(BrandingService, {
        getBranding: getBranding(dependencies),
        updateBranding: updateBranding(dependencies),
      }),
      implementation(ShownBrandingService, {
        getShownBranding: getShownBranding(dependencies),
        getBrandingImage: getBrandingImage(dependencies),
      }),
      implementation(ApiKeyService, {
        createApiKey: createApiKey(dependencies),
        listApiKeys: listApiKeys(dependencies),
        deleteApiKey: deleteApiKey(dependencies),
      }),
      implementation(PersonalAccessTokenService, {
        createPersonalAccessToken: createPersonalAccessToken(dependencies),
        listPersonalAccessTokens: listPersonalAccessTokens(dependencies),
        deletePersonalAccessToken: deletePersonalAccessToken(dependencies),
      }),
      implementation(PersonalDataService, {
        collectPersonalData: collectPersonalData(dependencies),
        collectEvents: collectEvents(dependencies),
      }),
      implementation(EventService, {
        listEvents: listEvents(dependencies),
        watchEvents: watchEvents(dependencies),
      }),
      implementation(ApiKeyVerificationService, {
        verifyApiKey: verifyApiKey(dependencies),
        verifyPersonalAccessToken: verifyPersonalAccessToken(dependencies),
      }),
    ],
    duties: [
      { name: "tenant deletions", step: purgeDueTenants(dependencies) },
      { name: "domain proofs", step: recheckDomains(dependencies) },
    ],
    forget: dependencies.toldEvents.tell,
    finishWrite: finishErasure(dependencies),
    readings: [notePersonEvents(dependencies)],
  };
}
