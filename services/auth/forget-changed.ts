import type { LogEntry } from "../store/store.ts";
import type { AuthDependencies } from "./dependencies.ts";

/** Drops what is remembered of a resource that changed, whatever happened to it. */
export function forgetChanged({ policies }: Pick<AuthDependencies, "policies">) {
  return ({ tenantId, event: { resourceType } }: LogEntry): void => {
    if (resourceType === "authentication_policy") policies.forget(tenantId);
  };
}
