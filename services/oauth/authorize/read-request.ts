import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { scopesLeft } from "../scopes-left.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { askedAcrValues } from "./asked-acr-values.ts";
import { checkClaims, claimsFor } from "./check-claims.ts";
import { checkExpectedSubject } from "./check-expected-subject.ts";
import { checkDpopJkt, checkMaxAge, checkPrompt, checkRequestObject, checkSizes } from "./check-parameters.ts";
import { checkPkce } from "./check-pkce.ts";
import { checkResource } from "./check-resource.ts";
import { checkResponseType } from "./check-response-type.ts";
import { checkSignUpPrompt } from "./check-sign-up-prompt.ts";
import { checkScope } from "./check-scope.ts";
import { writeClaims } from "./claims-request.ts";
import { checkResponseMode } from "./response-mode.ts";

/**
 * The rest of an authorization request whose client and redirect URI are proven good, check by check in the order of the
 * standard: what was asked for, now. Throws an OAuthRefusal, which may go to the client.
 */
export async function readRequest(
  dependencies: OauthDependencies,
  call: Call,
  client: Client,
  redirectUri: string,
  parameters: AuthorizationParameters,
): Promise<Authorization> {
  checkDuplicates(parameters);
  checkRequestObject(parameters);
  checkSizes(parameters);
  checkResponseType(client, parameters);
  const responseMode = checkResponseMode(redirectUri, parameters);
  const allowedScopes = checkScope(client, parameters);
  const codeChallenge = checkPkce(client, await dependencies.oauthPolicies.get(call), parameters);
  const dpopJkt = checkDpopJkt(parameters);
  const prompts = checkPrompt(parameters);
  await checkSignUpPrompt(dependencies.peers, call, prompts);
  const maxAge = checkMaxAge(parameters) ?? client.defaultMaxAge;
  const claims = claimsFor(client, checkClaims(parameters));
  const resources = await dependencies.accessTargets.checkResources(call, client, checkResource(parameters));
  const scopes = scopesLeft(allowedScopes, await dependencies.accessTargets.grantable(call, resources, allowedScopes));
  const expectedSubject = await checkExpectedSubject(dependencies, call, client, parameters, claims);
  const { state, nonce, loginHint, uiLocales } = parameters;
  return create(AuthorizationSchema, {
    clientId: client.clientId,
    redirectUri,
    responseMode,
    scopes: [...scopes],
    state,
    nonce,
    codeChallenge,
    dpopJkt,
    prompts: [...prompts],
    freshSignIn: prompts.has("login") || prompts.has("create"),
    authTimeRequested: maxAge !== undefined || client.requireAuthTime || claims.id_token?.["auth_time"] !== undefined,
    claims: writeClaims(claims),
    acrValues: [...askedAcrValues(client, parameters, claims)],
    resources: [...resources],
    expectedSubject,
    loginHint,
    uiLocales,
    createTime: timestampFromMs(dependencies.clock()),
    ...(maxAge === undefined ? {} : { maxAge: BigInt(maxAge) }),
  });
}
