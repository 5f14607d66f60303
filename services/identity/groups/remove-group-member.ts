import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RemoveGroupMemberResponseSchema,
  type RemoveGroupMemberRequest,
  type RemoveGroupMemberResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { groupMembers, membershipIndexed } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { subjectParts } from "../roles/subject.ts";
import { checkMayChangeGroup } from "./check-may-change-group.ts";
import { groupMemberRemoved } from "./group-events.ts";
import { memberNotFound } from "./group-refused.ts";

/** Takes a user or a group out of a group; the caller must hold what the group permits. */
export function removeGroupMember({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return async (
    { groupId, memberId }: RemoveGroupMemberRequest,
    context: HandlerContext,
  ): Promise<RemoveGroupMemberResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.find(groupMembers, "group_and_member", membershipIndexed(groupId, memberId));
    if (stored === undefined) throw memberNotFound(memberId);
    await checkMayChangeGroup(data, groupId, call);
    const isDone = await commitUnlessChanged(
      data,
      [remove(groupMembers, stored)],
      [groupMemberRemoved(call, clock(), stored.record)],
    );
    if (!isDone) throw memberNotFound(memberId);
    const { member } = stored.record;
    if (subjectParts(member).kind === "group") authorities.forgetTenant(call.tenantId);
    else authorities.forgetSubject(call.tenantId, member);
    return create(RemoveGroupMemberResponseSchema, {});
  };
}
