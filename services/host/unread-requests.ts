import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "./failure.ts";
import { errorInfoOf, mapError, refusalWithId } from "./interceptors/error-mapping.ts";
import { withErrors } from "./streamed.ts";

/**
 * Gives the refusal of a request that cannot be read its reason and its id, as all other errors have them. Connect reads a
 * request of one message before any interceptor sees it; what was wrong ends the call's signal, and is sent only then. Of a call
 * whose time is over from the start, the signal has ended already: it is not read. Throws DEADLINE_EXCEEDED.
 */
export function nameUnread({ signal }: HandlerContext): void {
  const over: unknown = signal.reason;
  if (over instanceof ConnectError && over.code === Code.DeadlineExceeded) {
    throw refusalWithId(mapError(over, undefined));
  }
  const name = (): void => {
    const error: unknown = signal.reason;
    const refusal = refusalOf(error);
    if (error instanceof ConnectError && refusal !== undefined) {
      const { code, message, rawMessage, details } = refusalWithId(refusal);
      Object.assign(error, { code, message, rawMessage, details });
    }
  };
  signal.addEventListener("abort", name, { once: true });
}

/** The same where answers are a stream: there the request is read behind the interceptors, which give the id. */
export const nameUnreadOfStreams: Interceptor = (next) => async (request) => {
  if (!request.stream) return next(request);
  const message = withErrors(request.message, (error) => refusalOf(error) ?? ConnectError.from(error));
  try {
    return await next({ ...request, message });
  } catch (error) {
    throw notTakenOf(error) ?? error;
  }
};

/** What Connect says of bytes that are no message; it takes that for a fault of ours. */
const notRead = /^(?:parse binary: |decompression failed|received compressed envelope)/;

/** The refusal of a request that could not be read; undefined for an error that has a reason, or is about something else. */
function refusalOf(error: unknown): ConnectError | undefined {
  if (!(error instanceof ConnectError) || errorInfoOf(error) !== undefined) return undefined;
  const { code, rawMessage } = error;
  if (code === Code.ResourceExhausted) return failure(ErrorReason.BODY_TOO_LARGE, rawMessage);
  if (code === Code.InvalidArgument || (code === Code.Internal && notRead.test(rawMessage))) {
    return failure(ErrorReason.INVALID_REQUEST, unreadable(rawMessage));
  }
  return notTakenOf(error);
}

/** What Connect says of a compression that it does not know, and of no message or of several where one is to come. */
const notTaken = /^(?:unknown compression |protocol error: (?:missing|received extra) input message )/;

/** The refusal of such a request, for which gRPC and Connect have the code UNIMPLEMENTED; undefined for any other error. */
function notTakenOf(error: unknown): ConnectError | undefined {
  if (!(error instanceof ConnectError) || error.code !== Code.Unimplemented || !notTaken.test(error.rawMessage)) return;
  const message = unreadable(error.rawMessage);
  const refusal = new ConnectError(message, error.code, error.metadata);
  refusal.details = failure(ErrorReason.INVALID_REQUEST, message).details;
  return refusal;
}

const unreadable = (why: string): string => `the request cannot be read: ${why}`;
