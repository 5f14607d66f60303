import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  FindGroupsResponseSchema,
  type FindGroupsRequest,
  type FindGroupsResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { groupKey, groups } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** Those of the groups that are there, each once. */
export function findGroups({ store }: Pick<IdentityDependencies, "store">) {
  return async ({ groupIds, names }: FindGroupsRequest, context: HandlerContext): Promise<FindGroupsResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    const found = await Promise.all([
      ...groupIds.map((id) => data.get(groups, id)),
      ...names.map((name) => data.find(groups, "name", groupKey(name))),
    ]);
    const byId = new Map(found.flatMap((stored) => (stored === undefined ? [] : [[stored.record.id, stored.record]])));
    return create(FindGroupsResponseSchema, { groups: [...byId.values()].map(({ id, name }) => ({ id, name })) });
  };
}
