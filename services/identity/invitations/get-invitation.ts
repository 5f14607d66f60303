import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetInvitationResponseSchema,
  type GetInvitationRequest,
  type GetInvitationResponse,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { invitations } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { invitationMessage } from "./invitation-message.ts";
import { invitationNotFound } from "./invitation-refused.ts";

/** One invitation. */
export function getInvitation({ store }: Pick<IdentityDependencies, "store">) {
  return async ({ invitationId }: GetInvitationRequest, context: HandlerContext): Promise<GetInvitationResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(invitations, invitationId);
    if (stored === undefined) throw invitationNotFound(invitationId);
    return create(GetInvitationResponseSchema, { invitation: invitationMessage(stored.record) });
  };
}
