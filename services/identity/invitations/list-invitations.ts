import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListInvitationsResponseSchema,
  type ListInvitationsRequest,
  type ListInvitationsResponse,
} from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { invitations } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { invitationMessage } from "./invitation-message.ts";

/** The invitations that wait, by id: in the order in which they were made. */
export function listInvitations({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (request: ListInvitationsRequest, context: HandlerContext): Promise<ListInvitationsResponse> => {
    const call = callOf(context);
    const listing = "invitations";
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(invitations, {
      index: "id",
      ...requested,
    });
    return create(ListInvitationsResponseSchema, {
      invitations: page.items.map(({ record }) => invitationMessage(record)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
