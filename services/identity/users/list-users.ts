import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListUsersResponseSchema,
  type ListUsersRequest,
  type ListUsersResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import type { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { callOf } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailKey, usernameKey } from "./login-names.ts";
import { searchUsers } from "./search-users.ts";
import { userMessage } from "./user-message.ts";

const defaultPageSize = 50;

/**
 * The users of the tenant: by id, by the prefix of their username or of any name of theirs; or the one with an address or a name, which is no
 * listing that a page token could belong to.
 */
export function listUsers({ store, pageTokens }: IdentityDependencies) {
  return async (request: ListUsersRequest, context: HandlerContext): Promise<ListUsersResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const prefix = usernameKey(request.usernamePrefix);
    const isExact = request.email !== "" || request.username !== "";
    const listing = isExact ? "users?exact" : `users?username_prefix=${prefix}&prefix=${request.prefix}`;
    const isShown = ({ record }: Pick<Stored<typeof UserSchema>, "record">) =>
      request.showDeleted || record.status !== UserStatus.DELETED;
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    if (isExact) {
      const stored =
        request.email === ""
          ? await data.find(users, "username", usernameKey(request.username))
          : await data.find(users, "email", emailKey(request.email));
      return create(ListUsersResponseSchema, {
        users: stored === undefined || !isShown(stored) ? [] : [userMessage(stored)],
      });
    }
    const limit = request.pageSize || defaultPageSize;
    const page =
      request.prefix === ""
        ? await data.page(users, {
            ...(prefix === "" ? { index: "id" } : { index: "username", prefix }),
            limit,
            ...(after === undefined ? {} : { after }),
          })
        : await searchUsers(data, request.prefix, { limit, after });
    return create(ListUsersResponseSchema, {
      users: page.items.filter(isShown).map(userMessage),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
