import type { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { ResumeAuthorizationRequest } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import { isRegisteredRedirectUri } from "../clients/redirect-uri.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import type { AuthorizationState } from "./authorization-request.ts";
import { authorizationState } from "./authorization-state.ts";
import { pendingAuthorization } from "./pending-authorization.ts";

/** Names a pending authorization, and what the browser that goes on with it holds. */
export type PendingRequest = Pick<ResumeAuthorizationRequest, "authorizationId" | "browserToken" | "sessionToken">;

/**
 * Where a pending authorization stands now, with the client looked at again. Throws AUTHORIZATION_NOT_FOUND, also where the
 * client is gone or no longer has the redirect URI.
 */
export async function pendingState(
  dependencies: OauthDependencies,
  call: Call,
  { authorizationId, browserToken, sessionToken }: PendingRequest,
): Promise<{ readonly pending: Stored<typeof AuthorizationSchema>; readonly state: AuthorizationState }> {
  const pending = await pendingAuthorization(dependencies, call, authorizationId, browserToken);
  const authorization = pending.record;
  const client = await dependencies.clients.get(call, authorization.clientId);
  const isOfDevice = authorization.deviceCodeId !== "";
  if (client === undefined || (!isOfDevice && !isRegisteredRedirectUri(client, authorization.redirectUri))) {
    throw oauthFailure(
      OauthErrorReason.AUTHORIZATION_NOT_FOUND,
      "the application that asked for this sign-in is gone or was changed; go back to it and start again",
    );
  }
  const asked = { client, authorization, sessionToken, now: dependencies.clock() };
  return { pending, state: await authorizationState(dependencies, call, asked) };
}
