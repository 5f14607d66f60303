import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/**
 * `invalid_grant` for whatever was wrong (RFC 6749 §5.2). The description helps the client's developer with its own
 * mistakes, and tells nobody whether a token that is not theirs exists.
 */
export function grantRefused(what: "code" | "refresh_token", refusal: GrantRefusal): OAuthRefusal {
  switch (refusal) {
    case GrantRefusal.REDIRECT_URI:
      return new OAuthRefusal("invalid_grant", "redirect_uri is not the one of the authorization request");
    case GrantRefusal.CODE_VERIFIER:
      return new OAuthRefusal("invalid_grant", "code_verifier does not fit the code_challenge");
    case GrantRefusal.DPOP_KEY:
      return new OAuthRefusal("invalid_grant", `the ${what} is bound to another key than that of the DPoP proof`);
    case GrantRefusal.RESOURCE:
      return resourceRefused();
    case GrantRefusal.SCOPE:
      return scopeRefused();
    case GrantRefusal.SUBJECT:
      return new OAuthRefusal(
        "invalid_grant",
        "subject_type or the sector of the client was changed: ask the person to sign in",
      );
    default:
      return new OAuthRefusal("invalid_grant", `the ${what} is unknown, expired, used or revoked`);
  }
}

/** RFC 8707 §2.2. */
export const resourceRefused = (): OAuthRefusal =>
  new OAuthRefusal(
    "invalid_target",
    "resource is not among those that were granted, or they are not for this client now",
  );

/** RFC 6749 §5.2. */
export const scopeRefused = (): OAuthRefusal =>
  new OAuthRefusal("invalid_scope", "the client may no longer have the scopes that were granted or asked for");
