import { create } from "@bufbuild/protobuf";
import type { Group as StoredGroup, GroupMember as StoredGroupMember } from "#gen/koder/identity/store/v1/group_pb.ts";
import { GroupMemberSchema, GroupSchema, type Group, type GroupMember } from "#gen/koder/identity/v1/group_pb.ts";
import type { Stored } from "../../store/store.ts";
import type { groups } from "../collections.ts";
import { subjectParts } from "../roles/subject.ts";

/** Opaque to callers: the version of the group's record. */
export const groupEtag = (version: number): string => `v${version}`;

/** A group as others see it. */
export function groupMessage({ record, version }: Stored<(typeof groups)["schema"]>): Group {
  const { id, name, displayName, description, createTime, updateTime }: StoredGroup = record;
  return create(GroupSchema, {
    id,
    etag: groupEtag(version),
    name,
    displayName,
    description,
    ...(createTime ? { createTime } : {}),
    ...(updateTime ? { updateTime } : {}),
  });
}

/** A membership as others see it. */
export function memberMessage({ groupId, member, createTime }: StoredGroupMember): GroupMember {
  const { kind, id: value } = subjectParts(member);
  return create(GroupMemberSchema, {
    groupId,
    member: kind === "user" ? { case: "userId", value } : { case: "memberGroupId", value },
    ...(createTime ? { createTime } : {}),
  });
}
