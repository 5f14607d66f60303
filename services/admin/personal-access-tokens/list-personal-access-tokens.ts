import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListPersonalAccessTokensResponseSchema,
  type ListPersonalAccessTokensRequest,
  type ListPersonalAccessTokensResponse,
} from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { credentialUses, personalAccessTokens } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { personalAccessTokenMessage } from "./personal-access-token.ts";

/** The tokens of a person, oldest first; also those that are void but have not expired. */
export function listPersonalAccessTokens({ store, pageTokens }: Pick<AdminDependencies, "store" | "pageTokens">) {
  return async (
    request: ListPersonalAccessTokensRequest,
    context: HandlerContext,
  ): Promise<ListPersonalAccessTokensResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const listing = `personal access tokens?user_id=${userId}`;
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await data.page(personalAccessTokens, {
      index: "user",
      equals: userId,
      ...requested,
    });
    const tokens = page.items.map(async ({ record }) => {
      const use = await data.get(credentialUses, record.id);
      return personalAccessTokenMessage(record, { lastUse: use?.record.lastUseTime });
    });
    return create(ListPersonalAccessTokensResponseSchema, {
      personalAccessTokens: await Promise.all(tokens),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
