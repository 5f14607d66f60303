import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { InvitationSchema } from "#gen/koder/identity/store/v1/invitation_pb.ts";
import {
  ResendInvitationResponseSchema,
  type ResendInvitationRequest,
  type ResendInvitationResponse,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { invitations, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailTaken } from "../users/taken.ts";
import { checkMayInvite } from "./check-may-invite.ts";
import { invitationChanged } from "./invitation-event.ts";
import { invitationLifetimes } from "./invitation-lifetimes.ts";
import { invitationMessage } from "./invitation-message.ts";
import { invitationNotFound } from "./invitation-refused.ts";
import { sendInvitation } from "./send-invitation.ts";

/**
 * Has another link mailed in the place of the one before. Whoever does must be able to give what it gives. The mail comes first:
 * where it is refused, the link before stays good.
 */
export function resendInvitation({ store, peers, clock }: Pick<IdentityDependencies, "store" | "peers" | "clock">) {
  return async (
    { invitationId }: ResendInvitationRequest,
    context: HandlerContext,
  ): Promise<ResendInvitationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(invitations, invitationId);
    if (stored === undefined) throw invitationNotFound(invitationId);
    await checkMayInvite(data, call, stored.record);
    if ((await data.find(users, "email", stored.record.emailKey)) !== undefined) throw emailTaken("");
    const now = clock();
    const expires = now + invitationLifetimes.link;
    const record = create(InvitationSchema, {
      ...stored.record,
      inviterId: call.actor.id,
      inviterType: call.actor.type,
      inviterHadInstance: reachesInstance(call.caller),
      link: stored.record.link + 1n,
      sendTime: timestampFromMs(now),
      expireTime: timestampFromMs(expires),
      forgetTime: timestampFromMs(expires + invitationLifetimes.afterwards),
    });
    await sendInvitation({ peers }, call, record);
    const version = stored.version + 1;
    const resent = invitationChanged(call, now, record, version, "resent");
    const isDone = await commitUnlessChanged(data, [replace(invitations, record, stored.version)], [resent]);
    if (!isDone) throw invitationNotFound(invitationId);
    return create(ResendInvitationResponseSchema, { invitation: invitationMessage(record) });
  };
}
