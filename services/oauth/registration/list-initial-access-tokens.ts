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

const defaultPageSize = 50;
const listing = "initial_access_tokens";

/** The initial access tokens of the tenant by id. */
export function listInitialAccessTokens({ store, pageTokens }: Pick<OauthDependencies, "store" | "pageTokens">) {
  return async (
    request: ListInitialAccessTokensRequest,
    context: HandlerContext,
  ): Promise<ListInitialAccessTokensResponse> => {
    const call = callOf(context);
    const after = request.pageToken === "" ? undefined : await pageTokens.decode(call, listing, request.pageToken);
    const page = await store.tenant(call.tenantId).page(initialAccessTokens, {
      index: "id",
      limit: request.pageSize || defaultPageSize,
      ...(after === undefined ? {} : { after }),
    });
    return create(ListInitialAccessTokensResponseSchema, {
      initialAccessTokens: page.items.map(({ record }) => initialAccessTokenMessage(record)),
      nextPageToken: page.next === undefined ? "" : await pageTokens.encode(call, listing, page.next),
    });
  };
}
