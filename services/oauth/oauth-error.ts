import { create } from "@bufbuild/protobuf";
import { OAuthErrorSchema, type OAuthError } from "#gen/koder/oauth/v1/error_pb.ts";

/**
 * The error codes that our endpoints answer with (RFC 6749 §4.1.2.1 and §5.2, OpenID Connect Core §3.1.2.6, RFC 6750, RFC 8628
 * §3.5, RFC 8707, RFC 7591 §3.2.2).
 */
export type OAuthErrorCode =
  | "invalid_request"
  | "unauthorized_client"
  | "access_denied"
  | "unsupported_response_type"
  | "invalid_scope"
  | "server_error"
  | "temporarily_unavailable"
  | "invalid_client"
  | "invalid_grant"
  | "unsupported_grant_type"
  | "authorization_pending"
  | "slow_down"
  | "expired_token"
  | "login_required"
  | "interaction_required"
  | "account_selection_required"
  | "consent_required"
  | "unmet_authentication_requirements"
  | "request_not_supported"
  | "request_uri_not_supported"
  | "registration_not_supported"
  | "invalid_request_uri"
  | "invalid_target"
  | "invalid_token"
  | "invalid_dpop_proof"
  | "use_dpop_nonce"
  | "insufficient_scope"
  | "invalid_redirect_uri"
  | "invalid_client_metadata"
  | "unapproved_software_statement";

/** A refusal in the standard's own words: thrown by a named check, answered by the endpoint that runs it. */
export class OAuthRefusal extends Error {
  override readonly name = "OAuthRefusal";
  readonly code: OAuthErrorCode;
  /** `description`: English, printable ASCII without `"` and `\` (RFC 6749 §5.2). */
  constructor(code: OAuthErrorCode, description: string) {
    super(description);
    this.code = code;
  }
  /** The answer to the client. */
  toMessage(): OAuthError {
    return oauthError(this.code, this.message);
  }
}

/** An error answer; characters that the standards do not allow in a description are replaced. */
export function oauthError(code: OAuthErrorCode | "", description: string): OAuthError {
  return create(OAuthErrorSchema, {
    error: code,
    errorDescription: description.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "?"),
  });
}
