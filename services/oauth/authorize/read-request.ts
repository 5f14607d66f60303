import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
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
 * standard: what was asked for at `now` (ms). Throws an OAuthRefusal, which may go to the client.
 */
export function readRequest(
  client: Client,
  redirectUri: string,
  parameters: AuthorizationParameters,
  now: number,
): Authorization {
  checkDuplicates(parameters);
  checkRequestObject(parameters);
  checkResponseType(client, parameters);
  checkResponseMode(parameters);
  const scopes = checkScope(client, parameters);
  const codeChallenge = checkPkce(parameters);
  const prompts = checkPrompt(parameters);
  const maxAge = checkMaxAge(parameters);
  const { state, nonce, loginHint, uiLocales } = parameters;
  return create(AuthorizationSchema, {
    clientId: client.clientId,
    redirectUri,
    scopes: [...scopes],
    state,
    nonce,
    codeChallenge,
    prompts: [...prompts],
    freshSignIn: prompts.has("login") || prompts.has("select_account"),
    loginHint,
    uiLocales,
    createTime: timestampFromMs(now),
    ...(maxAge === undefined ? {} : { maxAge: BigInt(maxAge) }),
  });
}
