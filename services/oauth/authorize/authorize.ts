import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationParametersSchema,
  AuthorizeResponseSchema,
  type AuthorizeRequest,
  type AuthorizeResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { answerRefusal } from "./answer-refusal.ts";
import { authorizationState } from "./authorization-state.ts";
import { checkClient } from "./check-client.ts";
import { nextStep } from "./interactions/interactions.ts";
import { storeAuthorization } from "./pending-authorization.ts";
import { pushedRequestUri, takeUpPushed } from "./pushed-request.ts";
import { readDirectRequest } from "./read-direct-request.ts";

/**
 * The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): the client, then what it asks for, in full or as
 * a request that was pushed before, then the person. Who has nothing left to do gets the code at once; otherwise the request
 * waits for them.
 */
export function authorize(dependencies: OauthDependencies) {
  const { clients, clock } = dependencies;
  return async (request: AuthorizeRequest, context: HandlerContext): Promise<AuthorizeResponse> => {
    const call = callOf(context);
    const { parameters = create(AuthorizationParametersSchema), browserToken } = request;
    const next = await answerRefusal(dependencies, call, async (proven) => {
      const client = await checkClient(clients, call, parameters);
      const pushed = pushedRequestUri(parameters);
      const { authorization, sessionToken: signedIn } =
        pushed === undefined
          ? { authorization: await readDirectRequest(dependencies, call, client, parameters, proven), sessionToken: "" }
          : await takeUpPushed(dependencies, call, client, pushed);
      proven(authorization);
      // Whoever signed in outside of a browser is whom the request is for, whoever is signed in in the browser that brings it.
      const sessionToken = signedIn || request.sessionToken;
      const state = await authorizationState(dependencies, call, { client, authorization, sessionToken, now: clock() });
      const keep = () => storeAuthorization(dependencies, call, state.authorization, browserToken);
      return nextStep(dependencies, state, keep);
    });
    return create(AuthorizeResponseSchema, { next });
  };
}
