import { Code, ConnectError } from "@connectrpc/connect";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { MalformedForm } from "./form.ts";

/** An error of the standards, as HTTP answers it. */
export interface OAuthErrorAnswer {
  readonly status: number;
  readonly error: string;
  readonly description: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a failed call is in the standards' words (RFC 6749 §4.1.2.1 and §5.2): our own refusals of what was sent are
 * `invalid_request`, what is away or busy is `temporarily_unavailable`, the rest a fault of ours.
 */
export function oauthErrorOf(error: unknown): OAuthErrorAnswer {
  if (error instanceof MalformedForm) {
    return { status: 400, error: "invalid_request", description: ascii(error.message), headers: {} };
  }
  if (error instanceof ConnectError && errorInfoOf(error) !== undefined) {
    const retryAfter = { "retry-after": error.metadata.get("retry-after") ?? "1" };
    switch (error.code) {
      case Code.InvalidArgument:
        return { status: 400, error: "invalid_request", description: ascii(error.rawMessage), headers: {} };
      case Code.Unavailable:
      case Code.ResourceExhausted:
      case Code.DeadlineExceeded:
      case Code.Aborted:
      case Code.Canceled:
        return {
          status: 503,
          error: "temporarily_unavailable",
          description: "the server cannot answer now",
          headers: retryAfter,
        };
      default:
        break;
    }
  }
  return { status: 500, error: "server_error", description: "something went wrong on our side", headers: {} };
}

/** Printable ASCII without `"` and `\` (RFC 6749 §5.2). */
export const ascii = (text: string): string => text.replaceAll(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "?");
