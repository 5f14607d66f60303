import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RevokeInvitationResponseSchema,
  type RevokeInvitationRequest,
  type RevokeInvitationResponse,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { invitations } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { invitationChanged } from "./invitation-event.ts";
import { invitationNotFound } from "./invitation-refused.ts";

/** Takes an invitation back. What was mailed is good for nothing from this commit on. */
export function revokeInvitation({ store, clock }: Pick<IdentityDependencies, "store" | "clock">) {
  return async (
    { invitationId }: RevokeInvitationRequest,
    context: HandlerContext,
  ): Promise<RevokeInvitationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(invitations, invitationId);
    if (stored === undefined) throw invitationNotFound(invitationId);
    const revoked = invitationChanged(call, clock(), stored.record, stored.version + 1, "revoked");
    if (!(await commitUnlessChanged(data, [remove(invitations, stored)], [revoked]))) {
      throw invitationNotFound(invitationId);
    }
    return create(RevokeInvitationResponseSchema);
  };
}
