import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetGroupResponseSchema,
  type GetGroupRequest,
  type GetGroupResponse,
} from "#gen/koder/identity/v1/group_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupMessage } from "./group-message.ts";
import { groupNotFound } from "./group-refused.ts";

/** One group of the tenant. */
export function getGroup({ store }: Pick<IdentityDependencies, "store">) {
  return async ({ groupId }: GetGroupRequest, context: HandlerContext): Promise<GetGroupResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(groups, groupId);
    if (stored === undefined) throw groupNotFound(groupId);
    return create(GetGroupResponseSchema, { group: groupMessage(stored) });
  };
}
