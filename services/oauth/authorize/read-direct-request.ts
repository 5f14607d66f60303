import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { AnswerAddress } from "./answer-with-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { stateOf } from "./check-parameters.ts";
import { checkPushed } from "./check-pushed.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";
import { readRequest } from "./read-request.ts";
import { responseModeOf } from "./response-mode.ts";

/**
 * A request that the browser brings in full: its redirect URI, which makes known where an answer goes, that the client need
 * not push its requests, and the rest. Throws an OAuthRefusal.
 */
export async function readDirectRequest(
  dependencies: OauthDependencies,
  call: Call,
  client: Client,
  parameters: AuthorizationParameters,
  proven: (address: AnswerAddress) => void,
): Promise<Authorization> {
  const redirectUri = checkRedirectUri(client, parameters);
  const responseMode = responseModeOf(redirectUri, parameters);
  const { uiLocales } = parameters;
  proven({ redirectUri, responseMode, state: stateOf(parameters), uiLocales });
  checkPushed(client, await dependencies.oauthPolicies.get(call));
  return readRequest(dependencies, call, client, redirectUri, parameters);
}
