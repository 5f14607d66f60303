import { create } from "@bufbuild/protobuf";
import type { Invitation as StoredInvitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { InvitationSchema, type Invitation } from "#gen/koder/identity/v1/invitation_pb.ts";

/** An invitation as administrators see it. */
export function invitationMessage(record: StoredInvitation): Invitation {
  const { id, email, name, locale, roleIds, groupIds, expireTime, createTime, sendTime } = record;
  return create(InvitationSchema, {
    id,
    email,
    name,
    locale,
    roleIds: [...roleIds],
    groupIds: [...groupIds],
    ...(expireTime ? { expireTime } : {}),
    ...(createTime ? { createTime } : {}),
    ...(sendTime ? { sendTime } : {}),
  });
}
