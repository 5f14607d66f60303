import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** No parameter twice (RFC 6749 §3.1). */
export function checkDuplicates({ duplicateParameters }: AuthorizationParameters): void {
  const [name] = duplicateParameters;
  if (name !== undefined) throw new OAuthRefusal("invalid_request", `${name} was sent twice`);
}

/** Request objects are refused by name, never passed over in silence (OpenID Connect Core §6). */
export function checkRequestObject({ hasRequest, hasRequestUri }: AuthorizationParameters): void {
  if (hasRequest) throw new OAuthRefusal("request_not_supported", "the request parameter is not supported");
  if (hasRequestUri) throw new OAuthRefusal("request_uri_not_supported", "the request_uri parameter is not supported");
}

/** Answers go by the query only. */
export function checkResponseMode({ responseMode }: AuthorizationParameters): void {
  if (responseMode !== "" && responseMode !== "query") {
    throw new OAuthRefusal("invalid_request", "response_mode must be query");
  }
}

/** Whole seconds, not negative (OpenID Connect Core §3.1.2.1). */
export function checkMaxAge({ maxAge }: AuthorizationParameters): number | undefined {
  if (maxAge === "") return undefined;
  if (!/^\d{1,10}$/.test(maxAge)) throw new OAuthRefusal("invalid_request", "max_age must be a number of seconds");
  return Number(maxAge);
}

const promptValues = new Set(["none", "login", "consent", "select_account"]);

/**
 * Known values only, and none by itself (OpenID Connect Core §3.1.2.1). Every client is the administrator's own for now, so
 * that consent is given with the sign-in and asks for no page.
 */
export function checkPrompt({ prompt }: AuthorizationParameters): ReadonlySet<string> {
  const values = new Set(prompt.split(" ").filter((value) => value !== ""));
  for (const value of values) {
    if (!promptValues.has(value)) throw new OAuthRefusal("invalid_request", "prompt has a value that is not supported");
  }
  if (values.has("none") && values.size > 1) throw new OAuthRefusal("invalid_request", "prompt none must stand alone");
  return values;
}
