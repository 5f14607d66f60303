import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { RoleSchema as StoredRoleSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { Role } from "#gen/koder/identity/v1/role_pb.ts";
import {
  CreateRoleRequestSchema,
  CreateRoleResponseSchema,
  RoleService,
  type CreateRoleRequest,
  type CreateRoleResponse,
} from "#gen/koder/identity/v1/role_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure, type FieldViolation } from "../../host/failure.ts";
import { shownLineViolations, shownTextViolations } from "../../host/shown-line.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { roles } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { builtInRoles } from "./built-in-roles.ts";
import { checkRole } from "./check-role.ts";
import { clientFaults } from "./client-faults.ts";
import { mostRoles, readRoles } from "./role-catalogue.ts";
import { roleMessage } from "./role-message.ts";
import { refuseRoleFaults, roleNameTaken } from "./role-refused.ts";

/** Creates a role. It is in no other yet, so that no circle can come of it. */
export function createRole({
  store,
  peers,
  idempotency,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "peers" | "idempotency" | "authorities" | "clock">) {
  return async (request: CreateRoleRequest, context: HandlerContext): Promise<CreateRoleResponse> => {
    const call = callOf(context);
    const asked = request.role;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "role: is required");
    refuseRoleFaults([
      ...setByServer(asked),
      ...shownLineViolations("role.display_name", asked.displayName),
      ...shownTextViolations("role.description", asked.description),
    ]);
    return idempotency.run(
      call,
      {
        method: RoleService.method.createRole,
        requestId: request.requestId,
        request,
        requestSchema: CreateRoleRequestSchema,
        responseSchema: CreateRoleResponseSchema,
      },
      async (remember) => {
        const data = store.tenant(call.tenantId);
        const catalogue = await readRoles(data);
        if (catalogue.size >= mostRoles + builtInRoles.length) {
          throw identityFailure(IdentityErrorReason.ROLE_LIMIT, `a tenant has at most ${mostRoles} roles of its own`);
        }
        const now = clock();
        const { name, clientId, displayName, description, permissions, includedRoleIds } = asked;
        const record = create(StoredRoleSchema, {
          id: ulid(now),
          name,
          clientId,
          displayName,
          description,
          permissions,
          includedRoleIds,
          createTime: timestampFromMs(now),
          updateTime: timestampFromMs(now),
        });
        checkRole(record, catalogue, call.caller);
        refuseRoleFaults(await clientFaults({ peers }, call, clientId, "role.client_id"));
        const response = create(CreateRoleResponseSchema, { role: roleMessage(record, 1) });
        const created = eventOf(
          call,
          now,
          { type: "role", id: record.id, version: 1 },
          { case: "roleCreated", value: { $typeName: "koder.events.v1.RoleCreated", name, clientId } },
        );
        try {
          await data.commit([insert(roles, record), ...remember(response)], [created]);
        } catch (error) {
          if (error instanceof Conflict && error.collection === roles.name) throw roleNameTaken(name);
          throw error;
        }
        authorities.forgetTenant(call.tenantId);
        return response;
      },
    );
  };
}

function setByServer({ id, etag, builtIn, createTime, updateTime }: Role): FieldViolation[] {
  const sent = {
    id: id !== "",
    etag: etag !== "",
    built_in: builtIn,
    create_time: createTime,
    update_time: updateTime,
  };
  return Object.entries(sent).flatMap(([field, value]) =>
    value === undefined || value === false ? [] : [{ field: `role.${field}`, description: "is set by the server" }],
  );
}
