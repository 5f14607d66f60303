import { OAuthRefusal } from "../oauth-error.ts";

/** The token is there (RFC 7009 §2.1, RFC 7662 §2.1). What it is, it says itself: `token_type_hint` is not needed. */
export function checkTokenParameter({ token }: { readonly token: string }): string {
  if (token === "") throw new OAuthRefusal("invalid_request", "token is missing");
  return token;
}

/** Whether a token is a refresh token of ours, by its prefix; everything else can only be an access token. */
export const isRefreshToken = (token: string): boolean => token.startsWith("krt_");
