import { OAuthRefusal } from "../oauth-error.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** As many characters as a parameter may have. Those that are not here have a form of their own, or are compared as they are. */
const longest = {
  scope: 4_096,
  state: 4_096,
  nonce: 1_024,
  prompt: 256,
  loginHint: 1_024,
  uiLocales: 1_024,
  claimsLocales: 1_024,
  acrValues: 1_024,
  claims: 4_096,
  idTokenHint: longestToken,
} as const;

/** No parameter longer than anybody needs: it would be kept for as long as its person takes (security A27). */
export function checkSizes(parameters: AuthorizationParameters): void {
  for (const [name, most] of Object.entries(longest) as [keyof typeof longest, number][]) {
    if (parameters[name].length > most) {
      const asSent = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      throw new OAuthRefusal("invalid_request", `${asSent} is longer than ${most} characters`);
    }
  }
}

/**
 * The state that an answer carries: as it was sent. One that was sent twice is nobody's, because which one the client meant
 * cannot be told, and one that is too long was never taken in.
 */
export function stateOf({ state, duplicateParameters }: AuthorizationParameters): string {
  return duplicateParameters.includes("state") || state.length > longest.state ? "" : state;
}

/** Request objects and registrations are refused by name, never passed over in silence (OpenID Connect Core §6, §7.2.1). */
export function checkRequestObject({ hasRequest, requestUri, hasRegistration }: AuthorizationParameters): void {
  if (hasRequest) throw new OAuthRefusal("request_not_supported", "the request parameter is not supported");
  if (requestUri !== "") {
    throw new OAuthRefusal("request_uri_not_supported", "request_uri must be one of a pushed request");
  }
  if (hasRegistration) {
    throw new OAuthRefusal("registration_not_supported", "the registration parameter is not supported");
  }
}

/** Whole seconds, not negative (OpenID Connect Core §3.1.2.1). */
export function checkMaxAge({ maxAge }: AuthorizationParameters): number | undefined {
  if (maxAge === "") return undefined;
  if (!/^\d{1,10}$/.test(maxAge)) throw new OAuthRefusal("invalid_request", "max_age must be a number of seconds");
  return Number(maxAge);
}

const promptValues = new Set(["none", "login", "consent", "select_account", "create"]);

/** Known values only, and none by itself (OpenID Connect Core §3.1.2.1). */
export function checkPrompt({ prompt }: AuthorizationParameters): ReadonlySet<string> {
  const values = new Set(prompt.split(" ").filter((value) => value !== ""));
  for (const value of values) {
    if (!promptValues.has(value)) throw new OAuthRefusal("invalid_request", "prompt has a value that is not supported");
  }
  if (values.has("none") && values.size > 1) throw new OAuthRefusal("invalid_request", "prompt none must stand alone");
  return values;
}

/** The SHA-256 thumbprint of a key, base64url without padding (RFC 9449 §10). */
export function checkDpopJkt({ dpopJkt }: AuthorizationParameters): string {
  if (dpopJkt !== "" && !/^[A-Za-z0-9_-]{43}$/.test(dpopJkt)) {
    throw new OAuthRefusal("invalid_request", "dpop_jkt must be 43 characters of base64url");
  }
  return dpopJkt;
}
