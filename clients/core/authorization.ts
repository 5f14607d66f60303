import type { DescMessage } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import { withHeader, type Send } from "./call.ts";
import { until, whyEnded } from "./deadline.ts";
import { reason } from "./errors.ts";
import { failingAs } from "./failing-as.ts";
import type { TokenSource } from "./token-source.ts";

/**
 * Sends the credential. A call that is refused for its credential was not begun; it is repeated once, whatever the method, if
 * the source has another token then.
 */
export function authorize(source: TokenSource | undefined): (next: Send) => Send {
  return (next) => async (call) => {
    if (source === undefined || call.header.has("authorization")) return next(call);
    const token = await tokenOf(source, call.deadline.signal);
    try {
      return await next(withHeader(call, "authorization", `Bearer ${token}`));
    } catch (error) {
      if (source.forget === undefined || !credentialRefused(error)) throw error;
      source.forget(token);
      const renewed = await tokenOf(source, call.deadline.signal);
      if (renewed === token) throw error;
      return next(withHeader(call, "authorization", `Bearer ${renewed}`));
    }
  };
}

/** Opens a stream with a token, which its source forgets when the stream is refused for it: another one has another token then. */
export function forgetRefused<I extends DescMessage, O extends DescMessage>(
  source: TokenSource,
  token: string,
  open: () => Promise<StreamResponse<I, O>>,
): Promise<StreamResponse<I, O>> {
  return failingAs(open, (error) => {
    if (credentialRefused(error)) source.forget?.(token);
    return error;
  });
}

/** A source's token; what it throws gets the code that says what to do about it. */
export async function tokenOf(source: TokenSource, signal: AbortSignal): Promise<string> {
  try {
    const token = await until(signal, asked(source, signal));
    // Said here, because what refuses the header would show it.
    if (!/^[\x21-\x7e]+$/.test(token)) throw new Error("the token is empty, or has a character that none can have");
    return token;
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    if (signal.aborted) throw whyEnded(signal);
    const message = error instanceof Error ? error.message : "the token source failed";
    throw new ConnectError(message, Code.Unauthenticated, undefined, undefined, error);
  }
}

/** A source may answer at once, or throw at once. */
const asked = async (source: TokenSource, signal: AbortSignal): Promise<string> => source.token(signal);

/** Whether another token may help. Where the sign-in behind it is too old, a person must act. */
const credentialRefused = (error: unknown): boolean =>
  error instanceof ConnectError && error.code === Code.Unauthenticated && reason(error) !== "SIGN_IN_TOO_OLD";
