import { Code, ConnectError } from "@connectrpc/connect";
import { TokenError } from "./token-error.ts";

/** What the token endpoint gave. */
export interface TokenAnswer {
  readonly token: string;
  /** In milliseconds; 0 when the answer names none. */
  readonly lifetimeMs: number;
}

/** The longest that a token is kept, whatever the answer says, in seconds. */
const day = 24 * 60 * 60;

/** Reads a good answer (RFC 6749 §5.1). Throws an Error that names what is wrong, and shows nothing of the answer. */
export function readToken(body: string): TokenAnswer {
  const { access_token: token, token_type: type, expires_in: seconds } = objectOf(body) ?? {};
  if (typeof token !== "string" || token === "")
    throw new Error("token answer: access_token is missing (RFC 6749 §5.1)");
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") {
    throw new Error("token answer: token_type is not Bearer (RFC 6749 §5.1)");
  }
  // Without a lifetime the token serves only those who wait for it.
  const lifetime = typeof seconds === "number" ? Math.min(Math.max(0, seconds), day) : 0;
  return { token, lifetimeMs: lifetime * 1_000 };
}

/** The error of an answer other than 200 (RFC 6749 §5.2); one that may be another later is UNAVAILABLE. */
export function refusal(status: number, headers: Headers, body: string): TokenError | ConnectError {
  const { error, error_description: description } = objectOf(body) ?? {};
  const refused = new TokenError(status, textOf(error), textOf(description));
  if (![429, 502, 503, 504].includes(status)) return refused;
  const metadata = new Headers();
  for (const name of ["retry-after", "x-request-id"]) {
    const value = headers.get(name);
    if (value !== null) metadata.set(name, value);
  }
  return new ConnectError(refused.message, Code.Unavailable, metadata, undefined, refused);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function objectOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // What the parser says could hold a piece of the token.
  }
}
