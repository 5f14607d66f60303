import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { GroupSchema as StoredGroupSchema } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { Group } from "#gen/koder/identity/v1/group_pb.ts";
import {
  CreateGroupRequestSchema,
  CreateGroupResponseSchema,
  GroupService,
  type CreateGroupRequest,
  type CreateGroupResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure, type FieldViolation } from "../../host/failure.ts";
import { shownLineViolations, shownTextViolations } from "../../host/shown-line.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupMessage } from "./group-message.ts";
import { groupNameTaken, refuseGroupFaults } from "./group-refused.ts";

/** Creates a group, with nobody in it. */
export function createGroup({
  store,
  idempotency,
  clock,
}: Pick<IdentityDependencies, "store" | "idempotency" | "clock">) {
  return async (request: CreateGroupRequest, context: HandlerContext): Promise<CreateGroupResponse> => {
    const call = callOf(context);
    const asked = request.group;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "group: is required");
    refuseGroupFaults([
      ...setByServer(asked),
      ...shownLineViolations("group.display_name", asked.displayName),
      ...shownTextViolations("group.description", asked.description),
      ...(asked.name === "" ? [{ field: "group.name", description: "must be set" }] : []),
    ]);
    return idempotency.run(
      call,
      {
        method: GroupService.method.createGroup,
        requestId: request.requestId,
        request,
        requestSchema: CreateGroupRequestSchema,
        responseSchema: CreateGroupResponseSchema,
      },
      async (remember) => {
        const now = clock();
        const { name, displayName, description } = asked;
        const time = timestampFromMs(now);
        const record = create(StoredGroupSchema, {
          id: ulid(now),
          name,
          displayName,
          description,
          createTime: time,
          updateTime: time,
        });
        const response = create(CreateGroupResponseSchema, { group: groupMessage({ record, version: 1 }) });
        const created = eventOf(
          call,
          now,
          { type: "group", id: record.id, version: 1 },
          { case: "groupCreated", value: { $typeName: "koder.events.v1.GroupCreated", name } },
        );
        try {
          await store.tenant(call.tenantId).commit([insert(groups, record), ...remember(response)], [created]);
        } catch (error) {
          if (error instanceof Conflict && error.collection === groups.name) throw groupNameTaken(name);
          throw error;
        }
        return response;
      },
    );
  };
}

function setByServer({ id, etag, createTime, updateTime }: Group): FieldViolation[] {
  const sent = { id: id !== "", etag: etag !== "", create_time: createTime, update_time: updateTime };
  return Object.entries(sent).flatMap(([field, value]) =>
    value === undefined || value === false ? [] : [{ field: `group.${field}`, description: "is set by the server" }],
  );
}
