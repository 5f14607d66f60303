import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ConfirmLogoutResponseSchema,
  type ConfirmLogoutRequest,
  type ConfirmLogoutResponse,
} from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { browserSessions } from "../authorize/browser-sessions.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { pendingLogout } from "./pending-logout.ts";
import { signedOut } from "./signed-out.ts";

/**
 * Ends every session of the browser: the person said that they want to be signed out here, without saying of which. Where the client may
 * be led to is looked at again, because it may have gone or changed since the question. A repeat answers the same.
 */
export function confirmLogout(dependencies: OauthDependencies) {
  const { peers, clients } = dependencies;
  return async (request: ConfirmLogoutRequest, context: HandlerContext): Promise<ConfirmLogoutResponse> => {
    const call = callOf(context);
    const pending = await pendingLogout(dependencies, call, request.logoutId, request.browserToken);
    if (pending === undefined) {
      return create(ConfirmLogoutResponseSchema, { next: { case: "expired", value: {} } });
    }
    for (const { session } of await browserSessions(peers, call, request.sessionToken)) {
      await peers.client(BrowserSessionService).endSession({ sessionId: session.id }, forward(call));
    }
    const { clientId, postLogoutRedirectUri, state, fault } = pending;
    const client = clientId === "" ? undefined : await clients.get(call, clientId);
    return create(ConfirmLogoutResponseSchema, {
      next:
        client?.postLogoutRedirectUris.includes(postLogoutRedirectUri) === true
          ? { case: "redirect", value: { postLogoutRedirectUri, state } }
          : { case: "signedOut", value: signedOut(client, undefined, fault) },
    });
  };
}
