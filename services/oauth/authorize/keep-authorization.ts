import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizationParametersSchema,
  KeepAuthorizationResponseSchema,
  KeptAuthorizationSchema,
  type KeepAuthorizationRequest,
  type KeepAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { answerRefusal } from "./answer-refusal.ts";
import { checkClient } from "./check-client.ts";
import { pushedRequestUri, storePushedRequest } from "./pushed-request.ts";
import { readDirectRequest } from "./read-direct-request.ts";

/**
 * The authorization endpoint, asked by a form (OpenID Connect Core §3.1.2.1). A form from another site brings no Lax cookies,
 * so that nothing can be said of the person yet: the request is read, and kept for the GET to which the browser is sent.
 * One that was pushed before is kept already.
 */
export function keepAuthorization(dependencies: OauthDependencies) {
  return async (request: KeepAuthorizationRequest, context: HandlerContext): Promise<KeepAuthorizationResponse> => {
    const call = callOf(context);
    const { parameters = create(AuthorizationParametersSchema) } = request;
    const next = await answerRefusal(dependencies, call, async (proven) => {
      const client = await checkClient(dependencies.clients, call, parameters);
      const { clientId } = client;
      const kept = (requestUri: string) =>
        ({ case: "kept", value: create(KeptAuthorizationSchema, { clientId, requestUri }) }) as const;
      const pushed = pushedRequestUri(parameters);
      if (pushed !== undefined) return kept(pushed);
      const authorization = await readDirectRequest(dependencies, call, client, parameters, proven);
      return kept(await storePushedRequest(dependencies, call, authorization, { byClient: false }));
    });
    return create(KeepAuthorizationResponseSchema, { next });
  };
}
