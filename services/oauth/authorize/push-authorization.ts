import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationParametersSchema,
  PushAuthorizationResponseSchema,
  type PushAuthorizationRequest,
  type PushAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { CheckedDpopProof } from "../../host/dpop/dpop-verifier.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { authenticateClient } from "../client-authentication/authenticate-client.ts";
import { checkDpopHeader, inOAuthWords } from "../token/dpop-key.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";
import { sessionOfHandle } from "./session-of-handle.ts";
import { storePushedRequest } from "./pushed-request.ts";
import { readRequest } from "./read-request.ts";

/**
 * The pushed authorization request endpoint (RFC 9126 §2.1): the client authenticated as at the token endpoint, a DPoP proof
 * that is good where there is one, no request that names another one, then every check of the authorization endpoint, whose refusals are answered here.
 */
export function pushAuthorization(dependencies: OauthDependencies) {
  return async (request: PushAuthorizationRequest, context: HandlerContext): Promise<PushAuthorizationResponse> => {
    const call = callOf(context);
    const { parameters = create(AuthorizationParametersSchema), clientAuthentications, dpopProof } = request;
    const nonce = async () => (dpopProof === "" ? "" : dependencies.dpop.nonce(call));
    try {
      checkDuplicates(parameters);
      const proof = await checkDpopHeader(dependencies, call, dpopProof, path);
      const client = await authenticateClient(dependencies, call, clientAuthentications, path);
      if (parameters.requestUri !== "") {
        throw new OAuthRefusal("invalid_request", "request_uri must not be pushed (RFC 9126)");
      }
      const redirectUri = checkRedirectUri(client, parameters);
      const bound = boundTo(parameters, proof);
      const authorization = await readRequest(dependencies, call, client, redirectUri, bound);
      const sessionToken = await sessionOfHandle(dependencies.peers, call, authorization, request.loginHandle);
      if (proof !== undefined) await inOAuthWords(() => dependencies.dpop.use(call, proof));
      const requestUri = await storePushedRequest(dependencies, call, authorization, { byClient: true, sessionToken });
      const expiresIn = Math.floor(dependencies.lifetimes.requestUri / 1000);
      return create(PushAuthorizationResponseSchema, {
        outcome: { case: "pushed", value: { requestUri, expiresIn } },
        dpopNonce: await nonce(),
      });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(PushAuthorizationResponseSchema, {
        outcome: { case: "error", value: error.toMessage() },
        dpopNonce: await nonce(),
      });
    }
  };
}

const path = "/oauth/v2/par";

/** A proof says of its key what dpop_jkt says, and nothing else than that (RFC 9449 §10.1). */
function boundTo(parameters: AuthorizationParameters, proof: CheckedDpopProof | undefined): AuthorizationParameters {
  if (proof === undefined) return parameters;
  if (parameters.dpopJkt !== "" && parameters.dpopJkt !== proof.jkt) {
    throw new OAuthRefusal("invalid_request", "dpop_jkt is not the key of the DPoP proof");
  }
  return create(AuthorizationParametersSchema, { ...parameters, dpopJkt: proof.jkt });
}
