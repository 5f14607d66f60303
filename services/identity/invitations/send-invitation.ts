import { InvitationMailService } from "#gen/koder/auth/v1/invitation_mail_internal_pb.ts";
import type { Invitation } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** Has the link of an invitation mailed, once for a number and end of the link. Throws TOO_MANY_ATTEMPTS, and then nothing was mailed. */
export async function sendInvitation(
  { peers }: Pick<IdentityDependencies, "peers">,
  call: Call,
  { id, link, userId, email, name, locale, expireTime }: Invitation,
): Promise<void> {
  await peers
    .client(InvitationMailService)
    .mailInvitation(
      { invitationId: id, link, userId, email, name, locale, ...(expireTime ? { expireTime } : {}) },
      forward(call),
    );
}
