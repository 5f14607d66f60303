import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { everyPermission } from "../../host/held-permissions.ts";
import type { TenantStore } from "../../store/store.ts";
import { users } from "../collections.ts";
import { readAuthority } from "../roles/authorities.ts";
import { clientSubject, userSubject } from "../roles/subject.ts";

/**
 * Whether whoever invited could still give what the invitation gives: somebody who was disabled or lost a role meanwhile leaves no
 * door behind. An API key is not asked again: it holds what it was made with, and whoever deletes it revokes what it sent.
 */
export async function inviterStillMay(
  data: TenantStore,
  { inviterId, inviterType, inviterHadInstance }: Invitation,
  needed: ReadonlySet<string>,
): Promise<boolean> {
  // Of somebody who stands above tenants nothing can be read here.
  if (inviterHadInstance) return true;
  switch (inviterType as ActorType) {
    case ActorType.USER: {
      const inviter = await data.get(users, inviterId);
      if (inviter?.record.status !== UserStatus.ACTIVE) return false;
      if (inviter.record.instanceOwner) return true;
      return holdsAll((await readAuthority(data, userSubject(inviterId))).permissions, needed);
    }
    case ActorType.CLIENT:
      return holdsAll((await readAuthority(data, clientSubject(inviterId))).permissions, needed);
    default:
      return true;
  }
}

const holdsAll = (held: ReadonlySet<string>, needed: ReadonlySet<string>): boolean =>
  held.has(everyPermission) || ["users.write", ...needed].every((permission) => held.has(permission));
