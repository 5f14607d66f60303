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

const defaultPageSize = 50;

/** The invitations that wait, by id: in the order in which they were made. */
export function listInvitations({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (
    { pageSize, pageToken }: ListInvitationsRequest,
    context: HandlerContext,
  ): Promise<ListInvitationsResponse> => {
    const call = callOf(context);
    const listing = "invitations";
    const after = pageToken === "" ? undefined : await pageTokens.decode(call, listing, pageToken);
    const page = await store.tenant(call.tenantId).page(invitations, {
      index: "id",
      limit: pageSize || defaultPageSize,
      ...(after === undefined ? {} : { after }),
    });
    return create(ListInvitationsResponseSchema, {
      invitations: page.items.map(({ record }) => invitationMessage(record)),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
