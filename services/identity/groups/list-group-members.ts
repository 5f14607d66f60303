import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListGroupMembersResponseSchema,
  type ListGroupMembersRequest,
  type ListGroupMembersResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { groupMembers, groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { memberMessage } from "./group-message.ts";
import { groupNotFound } from "./group-refused.ts";

/** Who was put into a group, in that order. */
export function listGroupMembers({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (request: ListGroupMembersRequest, context: HandlerContext): Promise<ListGroupMembersResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { groupId } = request;
    const listing = `group members?group_id=${groupId}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    if ((await data.get(groups, groupId)) === undefined) throw groupNotFound(groupId);
    const page = await data.page(groupMembers, {
      index: "group",
      equals: groupId,
      ...requested,
    });
    return create(ListGroupMembersResponseSchema, {
      members: page.items.map(({ record }) => memberMessage(record)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
