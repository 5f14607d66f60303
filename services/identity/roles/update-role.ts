import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RoleSchema as StoredRoleSchema, type Role as StoredRole } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { Role } from "#gen/koder/identity/v1/role_pb.ts";
import {
  UpdateRoleResponseSchema,
  type UpdateRoleRequest,
  type UpdateRoleResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { checkHolds } from "../../host/held-permissions.ts";
import { shownLineViolations, shownTextViolations } from "../../host/shown-line.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { roles } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { isBuiltIn } from "./built-in-roles.ts";
import { checkRole } from "./check-role.ts";
import { besideOtherInclusions, oneInclusionAtATime } from "./inclusions.ts";
import { permissionsOf, readRoles } from "./role-catalogue.ts";
import { roleUpdated } from "./role-events.ts";
import { roleEtag, roleMessage } from "./role-message.ts";
import { refuseRoleFaults, roleBuiltIn, roleChangedMeanwhile, roleNameTaken, roleNotFound } from "./role-refused.ts";

/** What each path of a mask changes. Whose role it is, is not among them. */
const changes: Readonly<Record<string, ((role: Role) => Partial<StoredRole>) | undefined>> = {
  name: ({ name }) => ({ name }),
  display_name: ({ displayName }) => ({ displayName }),
  description: ({ description }) => ({ description }),
  permissions: ({ permissions }) => ({ permissions }),
  included_role_ids: ({ includedRoleIds }) => ({ includedRoleIds }),
};

/** Changes the fields that the mask names, all or none. The caller must hold what the role permitted and what it is to permit. */
export function updateRole({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return (request: UpdateRoleRequest, context: HandlerContext): Promise<UpdateRoleResponse> =>
    changeLatest(request.role?.etag, () =>
      besideOtherInclusions(async () => {
        const call = callOf(context);
        const { asked, paths } = readUpdate(request.role, request.updateMask);
        if (isBuiltIn(request.roleId)) throw roleBuiltIn(request.roleId);
        const data = store.tenant(call.tenantId);
        const inclusion = paths.includes("included_role_ids") ? [await oneInclusionAtATime(data, "roles")] : [];
        const [stored, catalogue] = await Promise.all([data.get(roles, request.roleId), readRoles(data)]);
        if (stored === undefined) throw roleNotFound(request.roleId);
        if (asked.etag !== "" && asked.etag !== roleEtag(stored.version)) throw roleChangedMeanwhile();
        refuseRoleFaults([
          ...paths
            .filter((path) => !Object.hasOwn(changes, path))
            .map((path) => ({ field: `role.${path}`, description: "cannot be changed" })),
          ...(paths.includes("display_name") ? shownLineViolations("role.display_name", asked.displayName) : []),
          ...(paths.includes("description") ? shownTextViolations("role.description", asked.description) : []),
        ]);
        const now = clock();
        const record = create(StoredRoleSchema, {
          ...stored.record,
          ...Object.assign({}, ...paths.map((path) => changes[path]?.(asked))),
          updateTime: timestampFromMs(now),
        });
        checkHolds(call.caller, permissionsOf(catalogue, [stored.record.id]));
        checkRole(record, catalogue, call.caller, stored.record.includedRoleIds);
        const version = stored.version + 1;
        const updated = roleUpdated(call, now, { id: record.id, version }, paths);
        try {
          await data.commit([replace(roles, record, stored.version), ...inclusion], [updated]);
        } catch (error) {
          if (!(error instanceof Conflict) || error.collection !== roles.name) throw error;
          throw error.reason === "unique" ? roleNameTaken(record.name) : roleChangedMeanwhile();
        }
        authorities.forgetTenant(call.tenantId);
        return create(UpdateRoleResponseSchema, { role: roleMessage(record, version) });
      }),
    );
}
