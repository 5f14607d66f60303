import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { OauthPolicy } from "../policy/oauth-policies.ts";

/** Where the client must push its requests, or every client of the tenant, this one was pushed (RFC 9126 §5, §6). */
export function checkPushed(client: Client, policy: Pick<OauthPolicy, "requirePushedAuthorizationRequests">): void {
  if (client.requirePushedAuthorizationRequests || policy.requirePushedAuthorizationRequests) {
    throw new OAuthRefusal("invalid_request", "request_uri is missing: requests must be pushed here (RFC 9126)");
  }
}
