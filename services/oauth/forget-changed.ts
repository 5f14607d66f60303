import type { LogEntry } from "../store/store.ts";
import type { OauthDependencies } from "./dependencies.ts";

/**
 * Drops what is remembered of a resource that changed. What happened to it does not matter, so that an event of a newer
 * version, whose payload nobody here can read, is not passed over.
 */
export function forgetChanged({
  clients,
  clientKeys,
  oauthPolicies,
  resourceServers,
  signingKeys,
}: Pick<OauthDependencies, "clients" | "clientKeys" | "oauthPolicies" | "resourceServers" | "signingKeys">) {
  return ({ tenantId, event: { resourceType, resourceId } }: LogEntry): void => {
    if (resourceType === "client") {
      clients.forget(tenantId, resourceId);
      clientKeys.forget(tenantId, resourceId);
    }
    if (resourceType === "oauth_policy") oauthPolicies.forget(tenantId);
    if (resourceType === "resource_server") resourceServers.forget(tenantId);
    if (resourceType === "signing_key") signingKeys.forget(tenantId);
  };
}
