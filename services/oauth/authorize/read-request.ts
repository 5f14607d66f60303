import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { AuthorizationParameters, AuthorizationRequest } from "./authorization-request.ts";
import {
  checkDuplicates,
  checkMaxAge,
  checkPrompt,
  checkRequestObject,
  checkResponseMode,
} from "./check-parameters.ts";
import { checkPkce } from "./check-pkce.ts";
import { checkResponseType } from "./check-response-type.ts";
import { checkScope } from "./check-scope.ts";

/**
 * The rest of an authorization request whose client and redirect URI are proven good, check by check in the order of the
 * standard. Throws an OAuthRefusal, which may go to the client.
 */
export function readRequest(
  client: Client,
  redirectUri: string,
  parameters: AuthorizationParameters,
): AuthorizationRequest {
  checkDuplicates(parameters);
  checkRequestObject(parameters);
  checkResponseType(client, parameters);
  checkResponseMode(parameters);
  const scopes = checkScope(client, parameters);
  const codeChallenge = checkPkce(parameters);
  const prompt = checkPrompt(parameters);
  const maxAge = checkMaxAge(parameters);
  const { state, nonce, loginHint, uiLocales } = parameters;
  return { client, redirectUri, scopes, state, nonce, codeChallenge, prompt, maxAge, loginHint, uiLocales };
}
