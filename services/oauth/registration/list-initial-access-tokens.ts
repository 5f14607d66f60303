import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListInitialAccessTokensResponseSchema,
  type ListInitialAccessTokensRequest,
  type ListInitialAccessTokensResponse,
} from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { initialAccessTokens } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { initialAccessTokenMessage } from "./initial-access-token.ts";

const listing = "initial_access_tokens";

/** The initial access tokens of the tenant by id. */
export function listInitialAccessTokens({ store, pageTokens }: Pick<OauthDependencies, "store" | "pageTokens">) {
  return async (
    request: ListInitialAccessTokensRequest,
    context: HandlerContext,
  ): Promise<ListInitialAccessTokensResponse> => {
    const call = callOf(context);
    const requested = await pageTokens.requestedPage(call, listing, request);
    const page = await store.tenant(call.tenantId).page(initialAccessTokens, {
      index: "id",
      ...requested,
    });
    return create(ListInitialAccessTokensResponseSchema, {
      initialAccessTokens: page.items.map(({ record }) => initialAccessTokenMessage(record)),
      nextPageToken: await pageTokens.nextPageToken(call, listing, page.next),
    });
  };
}
