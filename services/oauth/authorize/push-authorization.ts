import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationParametersSchema,
  PushAuthorizationResponseSchema,
  type PushAuthorizationRequest,
  type PushAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { authenticateClient } from "../token/authenticate-client.ts";
import { checkDuplicates } from "./check-parameters.ts";
import { checkRedirectUri } from "./check-redirect-uri.ts";
import { storePushedRequest } from "./pushed-request.ts";
import { readRequest } from "./read-request.ts";

/**
 * The pushed authorization request endpoint (RFC 9126 §2.1): the client authenticated as at the token endpoint, no request
 * that names another one, then every check of the authorization endpoint, whose refusals are answered here.
 */
export function pushAuthorization(dependencies: OauthDependencies) {
  return async (request: PushAuthorizationRequest, context: HandlerContext): Promise<PushAuthorizationResponse> => {
    const call = callOf(context);
    const { parameters = create(AuthorizationParametersSchema), clientAuthentications } = request;
    try {
      checkDuplicates(parameters);
      const client = await authenticateClient(dependencies, call, clientAuthentications);
      if (parameters.requestUri !== "") {
        throw new OAuthRefusal("invalid_request", "request_uri must not be pushed (RFC 9126)");
      }
      const redirectUri = checkRedirectUri(client, parameters);
      const authorization = await readRequest(dependencies, call, client, redirectUri, parameters);
      const requestUri = await storePushedRequest(dependencies, call, authorization, { byClient: true });
      const expiresIn = Math.floor(dependencies.lifetimes.requestUri / 1000);
      return create(PushAuthorizationResponseSchema, { outcome: { case: "pushed", value: { requestUri, expiresIn } } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(PushAuthorizationResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
