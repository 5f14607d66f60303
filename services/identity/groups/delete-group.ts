import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteGroupResponseSchema,
  type DeleteGroupRequest,
  type DeleteGroupResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { checkMayChangeGroup } from "./check-may-change-group.ts";
import { checkNotInPolicy } from "./check-not-in-policy.ts";
import { groupEtag } from "./group-message.ts";
import { groupChangedMeanwhile, groupNotFound } from "./group-refused.ts";

/**
 * Deletes a group. From this commit on nobody is in it, because a membership of a group that is gone counts for nothing;
 * memberships and roles go afterwards (`finishGroupDeletion`), however many there are.
 */
export function deleteGroup({
  store,
  peers,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "peers" | "authorities" | "clock">) {
  return ({ groupId, etag }: DeleteGroupRequest, context: HandlerContext): Promise<DeleteGroupResponse> =>
    changeLatest(etag, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(groups, groupId);
      if (stored === undefined) throw groupNotFound(groupId);
      if (etag !== "" && etag !== groupEtag(stored.version)) throw groupChangedMeanwhile();
      await checkMayChangeGroup(data, groupId, call);
      await checkNotInPolicy({ peers }, call, groupId);
      const { name } = stored.record;
      const deleted = eventOf(
        call,
        clock(),
        { type: "group", id: groupId, version: stored.version + 1 },
        { case: "groupDeleted", value: { $typeName: "koder.events.v1.GroupDeleted", name } },
      );
      if (!(await commitUnlessChanged(data, [remove(groups, stored)], [deleted]))) throw groupChangedMeanwhile();
      authorities.forgetTenant(call.tenantId);
      return create(DeleteGroupResponseSchema, {});
    });
}
