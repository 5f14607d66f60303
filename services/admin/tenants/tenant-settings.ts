import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { shownLineFault } from "../../host/shown-line.ts";
import { adminFailure } from "../admin-failure.ts";
import { domainFault } from "./domains/domain-name.ts";

/** What is wrong with the settings of a tenant, whoever it is. */
export function settingsFaults({ displayName, defaultDomain }: Pick<Tenant, "displayName" | "defaultDomain">) {
  const faults: FieldViolation[] = [];
  const wrongName = displayName === "" ? "must be set" : shownLineFault(displayName);
  if (wrongName !== undefined) faults.push({ field: "tenant.display_name", description: wrongName });
  const wrongDomain = defaultDomain === "" ? undefined : domainFault(defaultDomain);
  if (wrongDomain !== undefined) faults.push({ field: "tenant.default_domain", description: wrongDomain });
  return faults;
}

/** Throws TENANT_INVALID where there are faults. */
export function refuseFaults(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const message = violations.map(({ field, description }) => `${field}: ${description}`).join("; ");
  throw adminFailure(AdminErrorReason.TENANT_INVALID, message, { violations });
}
