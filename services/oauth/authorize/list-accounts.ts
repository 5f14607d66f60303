import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListAccountsResponseSchema,
  type ListAccountsRequest,
  type ListAccountsResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { accountOfSession } from "../account-of-user.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { pendingState } from "./pending-state.ts";
import { requestingClient } from "./requesting-client.ts";

/** What the account chooser shows: who is signed in in the browser. Sessions that have ended are not there. */
export function listAccounts(dependencies: OauthDependencies) {
  return async (request: ListAccountsRequest, context: HandlerContext): Promise<ListAccountsResponse> => {
    const call = callOf(context);
    const { state } = await pendingState(dependencies, call, request);
    const accounts = await Promise.all(
      state.sessions.map(({ session }) => accountOfSession(dependencies, call, session)),
    );
    return create(ListAccountsResponseSchema, {
      client: requestingClient(state),
      accounts: accounts.filter((account) => account !== undefined),
      uiLocales: state.authorization.uiLocales,
    });
  };
}
