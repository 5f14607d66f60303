import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { GroupSchema as StoredGroupSchema, type Group as StoredGroup } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { Group } from "#gen/koder/identity/v1/group_pb.ts";
import {
  UpdateGroupResponseSchema,
  type UpdateGroupRequest,
  type UpdateGroupResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { eventOf } from "../../host/event.ts";
import { shownLineViolations, shownTextViolations } from "../../host/shown-line.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupEtag, groupMessage } from "./group-message.ts";
import { groupChangedMeanwhile, groupNameTaken, groupNotFound, refuseGroupFaults } from "./group-refused.ts";
import { checkMayChangeGroup } from "./check-may-change-group.ts";

const changes: Readonly<Record<string, ((group: Group) => Partial<StoredGroup>) | undefined>> = {
  name: ({ name }) => ({ name }),
  display_name: ({ displayName }) => ({ displayName }),
  description: ({ description }) => ({ description }),
};

/** Changes the fields that the mask names, all or none. */
export function updateGroup({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return (request: UpdateGroupRequest, context: HandlerContext): Promise<UpdateGroupResponse> =>
    changeLatest(request.group?.etag, async () => {
      const call = callOf(context);
      const { asked, paths } = readUpdate(request.group, request.updateMask);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(groups, request.groupId);
      if (stored === undefined) throw groupNotFound(request.groupId);
      if (asked.etag !== "" && asked.etag !== groupEtag(stored.version)) throw groupChangedMeanwhile();
      refuseGroupFaults([
        ...paths
          .filter((path) => !Object.hasOwn(changes, path))
          .map((path) => ({ field: `group.${path}`, description: "cannot be changed" })),
        ...(paths.includes("display_name") ? shownLineViolations("group.display_name", asked.displayName) : []),
        ...(paths.includes("description") ? shownTextViolations("group.description", asked.description) : []),
        ...(paths.includes("name") && asked.name === "" ? [{ field: "group.name", description: "must be set" }] : []),
      ]);
      await checkMayChangeGroup(data, request.groupId, call);
      const now = clock();
      const record = create(StoredGroupSchema, {
        ...stored.record,
        ...Object.assign({}, ...paths.map((path) => changes[path]?.(asked))),
        updateTime: timestampFromMs(now),
      });
      const version = stored.version + 1;
      const updated = eventOf(
        call,
        now,
        { type: "group", id: record.id, version },
        { case: "groupUpdated", value: { $typeName: "koder.events.v1.GroupUpdated", paths } },
      );
      try {
        await data.commit([replace(groups, record, stored.version)], [updated]);
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        throw error.reason === "unique" ? groupNameTaken(record.name) : groupChangedMeanwhile();
      }
      authorities.forgetTenant(call.tenantId);
      return create(UpdateGroupResponseSchema, { group: groupMessage({ record, version }) });
    });
}
