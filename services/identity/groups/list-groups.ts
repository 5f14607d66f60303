import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListGroupsResponseSchema,
  type ListGroupsRequest,
  type ListGroupsResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { RequestedPage } from "../../host/page-token.ts";
import { userOf } from "../../host/user-of.ts";
import type { TenantStore } from "../../store/store.ts";
import { groupKey, groupMembers, groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupSubject, userSubject } from "../roles/subject.ts";
import { groupMessage } from "./group-message.ts";

/** Groups of the tenant: by id, by the beginning of their name, or those that a user or a group was put into, in that order. */
export function listGroups({ store, pageTokens }: Pick<IdentityDependencies, "store" | "pageTokens">) {
  return async (request: ListGroupsRequest, context: HandlerContext): Promise<ListGroupsResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const prefix = groupKey(request.namePrefix);
    const { memberGroupId } = request;
    const listing = `groups?user_id=${userId}&name_prefix=${prefix}&member_group_id=${memberGroupId}`;
    const member = userId === "" ? memberGroupId && groupSubject(memberGroupId) : userSubject(userId);
    const from = await pageTokens.requestedPage(call, listing, request);
    const page =
      member === ""
        ? await data.page(groups, { ...(prefix === "" ? { index: "id" } : { index: "name", prefix }), ...from })
        : await groupsThatHave(data, member, from);
    return create(ListGroupsResponseSchema, {
      groups: page.items.map(groupMessage),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}

async function groupsThatHave(data: TenantStore, member: string, from: RequestedPage) {
  const page = await data.page(groupMembers, { index: "member", equals: member, ...from });
  const read = await Promise.all(page.items.map(({ record }) => data.get(groups, record.groupId)));
  return { ...page, items: read.filter((stored) => stored !== undefined) };
}
