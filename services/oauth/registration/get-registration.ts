import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetRegistrationResponseSchema,
  type GetRegistrationRequest,
  type GetRegistrationResponse,
} from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { clientMessage } from "../clients/client-message.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { registeredClient } from "./registration-access-token.ts";
import { registrationAnswer } from "./registration-answer.ts";

/** A client's registration, as the client itself may read it (RFC 7592 §2.1); its secret is not told again. */
export function getRegistration(dependencies: OauthDependencies) {
  return async (request: GetRegistrationRequest, context: HandlerContext): Promise<GetRegistrationResponse> => {
    const call = callOf(context);
    try {
      const stored = await registeredClient(dependencies, call, request);
      const { canonicalOrigin } = await dependencies.tenants.get(call);
      const answer = registrationAnswer(canonicalOrigin, clientMessage(stored), request.bearerToken);
      return create(GetRegistrationResponseSchema, { outcome: { case: "clientInformationJson", value: answer } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(GetRegistrationResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
