import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** `code`, and the client is registered for it (RFC 6749 §4.1.1). */
export function checkResponseType(client: Client, { responseType }: AuthorizationParameters): void {
  if (responseType === "") throw new OAuthRefusal("invalid_request", "response_type is missing");
  if (responseType !== "code") throw new OAuthRefusal("unsupported_response_type", "response_type must be code");
  if (!client.responseTypes.includes("code") || !client.grantTypes.includes("authorization_code")) {
    throw new OAuthRefusal("unauthorized_client", "the client is not registered for response_type code");
  }
}
