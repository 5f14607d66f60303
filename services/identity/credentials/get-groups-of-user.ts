import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetGroupsOfUserResponseSchema,
  type GetGroupsOfUserRequest,
  type GetGroupsOfUserResponse,
} from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { userSubject } from "../roles/subject.ts";

/** The groups that a user is in, with those that these are in. They are remembered, as roles are. */
export function getGroupsOfUser({ authorities }: Pick<IdentityDependencies, "authorities">) {
  return async ({ userId }: GetGroupsOfUserRequest, context: HandlerContext): Promise<GetGroupsOfUserResponse> => {
    const { groups } = await authorities.of(callOf(context).tenantId, userSubject(userId));
    return create(GetGroupsOfUserResponseSchema, { groupIds: groups.map(({ id }) => id) });
  };
}
