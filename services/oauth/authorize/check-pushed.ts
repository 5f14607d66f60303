import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** A client that must push its requests has pushed this one (RFC 9126 §6). */
export function checkPushed({ requirePushedAuthorizationRequests }: Client): void {
  if (requirePushedAuthorizationRequests) {
    throw new OAuthRefusal("invalid_request", "request_uri is missing: this client must push its requests (RFC 9126)");
  }
}
