import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetAuthorizationResponseSchema,
  type GetAuthorizationRequest,
  type GetAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { logoVersion } from "../clients/logos/client-logos.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { pendingAuthorization } from "./pending-authorization.ts";

/** What the sign-in page shows: who asks, and what the client said of the person. */
export function getAuthorization(dependencies: OauthDependencies) {
  return async (request: GetAuthorizationRequest, context: HandlerContext): Promise<GetAuthorizationResponse> => {
    const call = callOf(context);
    const { authorizationId, browserToken } = request;
    const { record: pending } = await pendingAuthorization(dependencies, call, authorizationId, browserToken);
    const client = await dependencies.clients.get(call, pending.clientId);
    return create(GetAuthorizationResponseSchema, {
      clientId: pending.clientId,
      clientName: client?.clientName ?? "",
      clientUri: client?.clientUri ?? "",
      policyUri: client?.policyUri ?? "",
      tosUri: client?.tosUri ?? "",
      logoVersion: client === undefined ? "" : logoVersion(client),
      loginHint: pending.loginHint,
      uiLocales: pending.uiLocales,
      acrValues: pending.acrValues,
    });
  };
}
