import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import {
  DeleteInitialAccessTokenResponseSchema,
  type DeleteInitialAccessTokenRequest,
  type DeleteInitialAccessTokenResponse,
} from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { initialAccessTokens } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";

/** Has nobody register clients by the token any more; it is in no cache. */
export function deleteInitialAccessToken({ store, clock }: Pick<OauthDependencies, "store" | "clock">) {
  return async (
    { initialAccessTokenId: id }: DeleteInitialAccessTokenRequest,
    context: HandlerContext,
  ): Promise<DeleteInitialAccessTokenResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const gone = () =>
      oauthFailure(OauthErrorReason.INITIAL_ACCESS_TOKEN_NOT_FOUND, `no initial access token has the id ${id}`);
    const stored = await data.get(initialAccessTokens, id);
    if (stored === undefined) throw gone();
    const deleted = eventOf(
      call,
      clock(),
      { type: "initial_access_token", id, version: stored.version + 1 },
      {
        case: "initialAccessTokenDeleted",
        value: { $typeName: "koder.events.v1.InitialAccessTokenDeleted" },
      },
    );
    if (!(await commitUnlessChanged(data, [remove(initialAccessTokens, stored)], [deleted]))) throw gone();
    return create(DeleteInitialAccessTokenResponseSchema, {});
  };
}
