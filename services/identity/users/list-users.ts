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
import type { PageQuery, Stored } from "../../store/store.ts";
import { users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { emailKey, usernameKey } from "./login-names.ts";
import { searchUsers } from "./search-users.ts";
import { userMessage } from "./user-message.ts";

/**
 * The users of the tenant: by id, by their status, or by the prefix of their username or of any name of theirs; or the one with an
 * address or a name, which is no listing that a page token could belong to.
 */
export function listUsers({ store, pageTokens }: IdentityDependencies) {
  return async (request: ListUsersRequest, context: HandlerContext): Promise<ListUsersResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const listing = listingOf(request);
    const requested = await pageTokens.requestedPage(call, listing, request);
    if (request.email !== "" || request.username !== "") {
      const stored =
        request.email === ""
          ? await data.find(users, "username", usernameKey(request.username))
          : await data.find(users, "email", emailKey(request.email));
      return create(ListUsersResponseSchema, {
        users: stored === undefined || !isAskedFor(request, stored) ? [] : [userMessage(stored)],
      });
    }
    const page =
      request.prefix === ""
        ? await data.page(users, { ...placeOf(request), ...requested })
        : await searchUsers(data, request.prefix, requested);
    return create(ListUsersResponseSchema, {
      users: page.items.filter((stored) => isAskedFor(request, stored)).map(userMessage),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}

/** What a page token is good for: the position in a list means nothing in another. */
function listingOf({ email, username, usernamePrefix, prefix, status }: ListUsersRequest): string {
  if (email !== "" || username !== "") return "users?exact";
  return `users?username_prefix=${usernameKey(usernamePrefix)}&prefix=${prefix}&status=${status}`;
}

/** Where they are found, of whom no name is asked for but perhaps the beginning of one. */
function placeOf({ usernamePrefix, status }: ListUsersRequest): Pick<PageQuery, "index" | "prefix" | "equals"> {
  const prefix = usernameKey(usernamePrefix);
  if (prefix !== "") return { index: "username", prefix };
  return isInactive(status) ? { index: "inactive_status", equals: status } : { index: "id" };
}

const isInactive = (status: UserStatus): boolean => status === UserStatus.DISABLED || status === UserStatus.DELETED;

function isAskedFor(
  { status, showDeleted }: ListUsersRequest,
  { record }: Pick<Stored<typeof UserSchema>, "record">,
): boolean {
  if (status !== UserStatus.UNSPECIFIED) return record.status === status;
  return showDeleted || record.status !== UserStatus.DELETED;
}
