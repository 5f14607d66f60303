import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { GroupMemberSchema } from "#gen/koder/identity/store/v1/group_pb.ts";
import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { RoleAssignmentSchema } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { OpenAccountRequest } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import type { TenantStore, Write } from "../../store/store.ts";
import { insert, remove } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { groupMembers, invitations, roleAssignments } from "../collections.ts";
import { groupMemberAdded } from "../groups/group-events.ts";
import { roleAssigned } from "../roles/assignment-events.ts";
import { userSubject } from "../roles/subject.ts";
import { emailKey } from "../users/login-names.ts";
import { permissionsGiven } from "./check-may-invite.ts";
import { inviterStillMay } from "./inviter-still-may.ts";
import { invitationChanged } from "./invitation-event.ts";
import { whatIsLeft } from "./what-is-left.ts";

/** What belongs into the commit of a new user. */
export interface Promised {
  readonly writes: readonly Write[];
  readonly events: readonly Event[];
}

/**
 * What an invitation gives the user that it is accepted for; undefined where its link is void: it was revoked, another one was
 * sent since, its time is over, or whoever invited could not give it any more. Roles and groups that are gone are passed over.
 */
export async function acceptedInvitation(
  data: TenantStore,
  call: Call,
  now: number,
  asked: Pick<OpenAccountRequest, "invitationId" | "invitationLink" | "userId" | "email">,
): Promise<Promised | undefined> {
  const stored = await data.get(invitations, asked.invitationId);
  if (stored === undefined || !isGood(stored.record, asked, now)) return undefined;
  const left = await whatIsLeft(data, stored.record);
  if (!(await inviterStillMay(data, stored.record, await permissionsGiven(data, left)))) return undefined;
  const [subject, createTime] = [userSubject(asked.userId), timestampFromMs(now)];
  const assignments = left.roleIds.map((roleId) =>
    create(RoleAssignmentSchema, { id: ulid(now), roleId, subject, createTime }),
  );
  const memberships = left.groupIds.map((groupId) =>
    create(GroupMemberSchema, { id: ulid(now), groupId, member: subject, createTime }),
  );
  return {
    writes: [
      remove(invitations, stored),
      ...assignments.map((assignment) => insert(roleAssignments, assignment)),
      ...memberships.map((membership) => insert(groupMembers, membership)),
    ],
    events: [
      invitationChanged(call, now, stored.record, stored.version + 1, "accepted"),
      ...assignments.map((assignment) => roleAssigned(call, now, assignment)),
      ...memberships.map((membership) => groupMemberAdded(call, now, membership)),
    ],
  };
}

const isGood = (
  { link, userId, expireTime, emailKey: key }: Invitation,
  asked: Pick<OpenAccountRequest, "invitationLink" | "userId" | "email">,
  now: number,
): boolean =>
  link === asked.invitationLink &&
  userId === asked.userId &&
  key === emailKey(asked.email) &&
  expireTime !== undefined &&
  now < timestampMs(expireTime);
