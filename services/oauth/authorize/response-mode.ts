import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** How an answer travels to the client's redirect URI (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode). */
export type ResponseMode = "query" | "form_post";

/**
 * How the answer to a request travels, also one that says what was wrong with it: as it was asked for, and by the query
 * where that cannot be. A form goes to a web page only.
 */
export function responseModeOf(redirectUri: string, parameters: AuthorizationParameters): ResponseMode {
  const { responseMode, duplicateParameters } = parameters;
  const isAsked = responseMode === "form_post" && !duplicateParameters.includes("response_mode");
  return isAsked && /^https?:/.test(redirectUri) ? "form_post" : "query";
}

/** Answers go as they were asked for; a code never goes into a fragment, where scripts of the page would have it. */
export function checkResponseMode(redirectUri: string, parameters: AuthorizationParameters): ResponseMode {
  const mode = responseModeOf(redirectUri, parameters);
  if (parameters.responseMode !== "" && parameters.responseMode !== mode) {
    throw new OAuthRefusal("invalid_request", "response_mode must be query, or form_post to an http redirect_uri");
  }
  return mode;
}
