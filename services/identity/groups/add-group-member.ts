import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { GroupMemberSchema as StoredMemberSchema } from "#gen/koder/identity/store/v1/group_pb.ts";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import type { GroupMember } from "#gen/koder/identity/v1/group_pb.ts";
import {
  AddGroupMemberResponseSchema,
  type AddGroupMemberRequest,
  type AddGroupMemberResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { groupMembers, groups, membershipIndexed } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { identityFailure } from "../identity-failure.ts";
import { besideOtherInclusions, oneInclusionAtATime } from "../roles/inclusions.ts";
import { groupSubject, userSubject, type Subject } from "../roles/subject.ts";
import { checkUserIsThere } from "../users/check-user-is-there.ts";
import { checkMayChangeGroup } from "./check-may-change-group.ts";
import { groupMemberAdded } from "./group-events.ts";
import { memberMessage } from "./group-message.ts";
import { groupNotFound, refuseGroupFaults } from "./group-refused.ts";
import { mostGroupsOfOne, mostNestings, nestings, readNesting, withOuter } from "./nesting.ts";

/**
 * Puts a user or a group into a group; the caller must hold what the group permits. A repeat answers the membership there is.
 * Groups come into groups one at a time, so that no two close a circle together.
 */
export function addGroupMember({
  store,
  authorities,
  clock,
}: Pick<IdentityDependencies, "store" | "authorities" | "clock">) {
  return ({ groupId, member }: AddGroupMemberRequest, context: HandlerContext): Promise<AddGroupMemberResponse> =>
    besideOtherInclusions(async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const nests = member?.member.case === "memberGroupId";
      const oneAtATime = nests ? [await oneInclusionAtATime(data, "groups")] : [];
      if ((await data.get(groups, groupId)) === undefined) throw groupNotFound(groupId);
      const { subject, id: memberId } = await checkedMember(data, groupId, member);
      await checkMayChangeGroup(data, groupId, call);
      const find = () => data.find(groupMembers, "group_and_member", membershipIndexed(groupId, memberId));
      const before = await find();
      if (before !== undefined) return create(AddGroupMemberResponseSchema, { member: memberMessage(before.record) });
      const { items } = await data.page(groupMembers, { index: "member", equals: subject, limit: mostGroupsOfOne });
      if (items.length >= mostGroupsOfOne) throw limit(`nobody is in more than ${mostGroupsOfOne} groups`);
      const now = clock();
      const record = create(StoredMemberSchema, {
        id: ulid(now),
        groupId,
        member: subject,
        createTime: timestampFromMs(now),
      });
      try {
        await data.commit([insert(groupMembers, record), ...oneAtATime], [groupMemberAdded(call, now, record)]);
      } catch (error) {
        const meanwhile = error instanceof Conflict ? await find() : undefined;
        if (meanwhile === undefined) throw error;
        return create(AddGroupMemberResponseSchema, { member: memberMessage(meanwhile.record) });
      }
      if (nests) authorities.forgetTenant(call.tenantId);
      else authorities.forgetSubject(call.tenantId, subject);
      return create(AddGroupMemberResponseSchema, { member: memberMessage(record) });
    });
}

async function checkedMember(
  data: TenantStore,
  groupId: string,
  sent: GroupMember | undefined,
): Promise<{ readonly subject: Subject; readonly id: string }> {
  if (sent === undefined) throw failure(ErrorReason.INVALID_REQUEST, "member: is required");
  const fields = { group_id: sent.groupId !== "", create_time: sent.createTime !== undefined };
  refuseGroupFaults(
    Object.entries(fields).flatMap(([field, isSent]) =>
      isSent ? [{ field: `member.${field}`, description: "is set by the server" }] : [],
    ),
  );
  const { member } = sent;
  if (member.case === undefined)
    throw failure(ErrorReason.INVALID_REQUEST, "member: must say who comes into the group");
  const { value: id } = member;
  if (member.case === "userId") {
    await checkUserIsThere(data, id);
    return { subject: userSubject(id), id };
  }
  const [stored, nesting] = await Promise.all([data.get(groups, id), readNesting(data)]);
  if (stored === undefined) throw groupNotFound(id);
  if (withOuter(nesting, [groupId]).has(id)) {
    refuseGroupFaults([
      { field: "member.member_group_id", description: "must not be the group itself, or one that it is in" },
    ]);
  }
  if (nestings(nesting) >= mostNestings) throw limit(`at most ${mostNestings} groups of a tenant are in groups`);
  return { subject: groupSubject(id), id };
}

const limit = (message: string) => identityFailure(IdentityErrorReason.GROUP_LIMIT, message);
