import type { ErrorAnswer } from "../../host/error-answer.ts";
import { ascii } from "./oauth-error.ts";

/** Whether a path is of the endpoints whose clients read errors in OAuth's form. */
export const isOfOAuth = (path: string): boolean => path.startsWith("/oauth/v2/") || path.startsWith("/oidc/v1/");

/**
 * The body of an error that no endpoint answered itself, in OAuth's form (RFC 6749 §5.2); its status and headers stay as they are. Who
 * may come back is told `temporarily_unavailable`.
 */
export function standardBody({ status, message }: Pick<ErrorAnswer, "status" | "message">): string {
  const error =
    status === 429 || status === 503 ? "temporarily_unavailable" : status >= 500 ? "server_error" : "invalid_request";
  return JSON.stringify({ error, error_description: ascii(message) });
}
