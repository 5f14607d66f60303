import type { Role } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { Caller } from "../../host/call.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { isBuiltIn } from "./built-in-roles.ts";
import { permissionsOf, withIncluded, type RoleCatalogue } from "./role-catalogue.ts";
import { refuseRoleFaults } from "./role-refused.ts";

/**
 * Checks a role as it is to be, among the others of its tenant. `before` are the ids that it includes already: one of a role
 * that was deleted since may stay, as it counts for nothing. Throws ROLE_INVALID, and PERMISSION_DENIED for a role that permits
 * more than the caller's own credential does.
 */
export function checkRole(role: Role, catalogue: RoleCatalogue, caller: Caller, before: readonly string[] = []): void {
  const faults: FieldViolation[] = [];
  if (role.name === "") faults.push({ field: "role.name", description: "must be set" });
  if (role.clientId === "" && isBuiltIn(role.name)) {
    faults.push({ field: "role.name", description: `must not be ${role.name}, which every tenant has` });
  }
  for (const [index, id] of role.includedRoleIds.entries()) {
    const field = `role.included_role_ids[${index}]`;
    if (!catalogue.has(id) && !before.includes(id)) {
      faults.push({ field, description: "must be a role of the tenant" });
    } else if (withIncluded(catalogue, [id]).some(({ id: included }) => included === role.id)) {
      faults.push({ field, description: "must not be the role itself, or one that includes it" });
    }
  }
  refuseRoleFaults(faults);
  checkHolds(caller, role.permissions);
  checkHolds(caller, permissionsOf(catalogue, role.includedRoleIds));
}
