import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import type { TenantStore } from "../../store/store.ts";
import type { AdminDependencies } from "../dependencies.ts";

/**
 * Where the keys or events that a call is about are: a tenant's in its own space, what reaches the instance in the system's. Only a
 * credential that reaches the instance itself gets there (security A32); the others are told by which field they asked for it.
 */
export function keySpace(
  { store, system }: Pick<AdminDependencies, "store" | "system">,
  { caller, tenantId }: Pick<Call, "caller" | "tenantId">,
  instance: boolean,
  field: "api_key.authority" | "authority" | "instance",
): TenantStore {
  if (!instance) return store.tenant(tenantId);
  if (reachesInstance(caller)) return system;
  throw failure(
    ErrorReason.PERMISSION_DENIED,
    `${field}: only a credential with INSTANCE authority reaches beyond its tenant`,
  );
}
