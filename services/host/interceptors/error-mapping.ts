import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { create, type DescMethod } from "@bufbuild/protobuf";
import { ErrorInfoSchema, type ErrorInfo } from "#gen/google/rpc/error_details_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { Conflict, StoreUnavailable } from "../../store/store.ts";
import { bearerChallenge } from "../challenges.ts";
import { errorDomain, failure } from "../failure.ts";
import { errorId } from "../error-id.ts";
import { withErrors } from "../streamed.ts";
import { methodPath } from "../method-path.ts";
import { arrivalKey } from "./arrival.ts";
import { deadlinePassed, exceeded } from "./deadline-passed.ts";

/** A fault of ours that a caller was told nothing of; the operator reads it here. */
export interface Fault {
  readonly id: string;
  readonly reason: string;
  readonly method: string;
  readonly requestId: string;
  readonly error: unknown;
}

/** Seconds after which a caller may come back when something was away. */
const comeBack = 1;

/** Why a connection to another part of the system is not there, as Node names it. */
const connectionFaults: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);

/**
 * Sees to it that every error that leaves has a reason of the closed lists and an id that the logs have too, and that
 * nothing leaves of a fault of ours but that: what it was goes to `report`.
 */
export function errorMappingInterceptor(report: (fault: Fault) => void): Interceptor {
  return (next) => async (request) => {
    const mapped = (error: unknown) =>
      reportedError(error, {
        signal: request.signal,
        method: request.method,
        requestId: request.contextValues.get(arrivalKey)?.requestId ?? "",
        report,
      });
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: withErrors(response.message, mapped) } : response;
    } catch (error) {
      throw mapped(error);
    }
  };
}

/** The error of a call as it may leave, with an id: its own, if a peer has given it one and reported it, or a new one. */
export function reportedError(
  error: unknown,
  {
    signal,
    method,
    requestId,
    report,
  }: {
    readonly signal: AbortSignal | undefined;
    readonly method: DescMethod;
    readonly requestId: string;
    readonly report: (fault: Fault) => void;
  },
): ConnectError {
  const mapped = mapError(error, signal);
  const info = errorInfoOf(mapped);
  if (isReported(mapped)) return mapped;
  const reason = info?.reason ?? "INTERNAL";
  const id = errorId(reason);
  if (mapped !== error || mapped.cause !== undefined) {
    report({ id, reason, method: methodPath(method), requestId, error: mapped.cause ?? error });
  }
  return withId(mapped, info, id);
}

/** A refusal of ours with an id: nobody has to be told of it. */
export function refusalWithId(refusal: ConnectError): ConnectError {
  const info = errorInfoOf(refusal);
  return withId(refusal, info, errorId(info?.reason ?? "INTERNAL"));
}

/** Whether an error has an id, so that whoever gave it one has reported it. */
export function isReported(error: unknown): boolean {
  return error instanceof ConnectError && errorInfoOf(error)?.metadata["id"] !== undefined;
}

/** The error that a caller may see. */
export function mapError(error: unknown, signal: AbortSignal | undefined): ConnectError {
  if (error instanceof ConnectError && errorInfoOf(error) !== undefined) return error;
  if (signal?.aborted === true) {
    if (deadlinePassed(signal)) return exceeded(error);
    return failure(ErrorReason.CANCELED, "the caller went away, or its deadline passed", { cause: error });
  }
  if (error instanceof Conflict) {
    return failure(ErrorReason.CONFLICT, "somebody else changed the same thing; repeat the call", { cause: error });
  }
  if (error instanceof StoreUnavailable) {
    return failure(ErrorReason.UNAVAILABLE, "the store is away for a moment", { retryAfter: comeBack, cause: error });
  }
  if (isAway(error)) {
    return failure(ErrorReason.UNAVAILABLE, "a part of the system is away for a moment", {
      retryAfter: comeBack,
      cause: error,
    });
  }
  if (error instanceof ConnectError && error.code === Code.DeadlineExceeded) {
    return exceeded(error);
  }
  return failure(ErrorReason.INTERNAL, "something went wrong on our side", { cause: error });
}

/** Whether a transport says that nobody answered: an error with a reason of ours has been passed on before. */
function isAway(error: unknown): boolean {
  if (error instanceof ConnectError) return error.code === Code.Unavailable;
  return error instanceof Error && "code" in error && connectionFaults.has(error.code);
}

/** What an error says of itself in our own words; undefined when it is not one of ours. */
export function errorInfoOf(error: ConnectError): ErrorInfo | undefined {
  return error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === errorDomain);
}

/** The same error with its id, and without what was underneath. */
function withId(error: ConnectError, info: ErrorInfo | undefined, id: string): ConnectError {
  const named = create(ErrorInfoSchema, {
    reason: info?.reason ?? "INTERNAL",
    domain: errorDomain,
    metadata: { ...info?.metadata, id },
  });
  const others = error.details.filter((detail) =>
    "desc" in detail ? detail.desc.typeName !== ErrorInfoSchema.typeName : detail.type !== ErrorInfoSchema.typeName,
  );
  const mapped = new ConnectError(error.rawMessage, error.code, error.metadata);
  mapped.details = [{ desc: ErrorInfoSchema, value: named }, ...others];
  if (error.code === Code.Unauthenticated && !mapped.metadata.has("www-authenticate")) {
    mapped.metadata.set("www-authenticate", bearerChallenge);
  }
  return mapped;
}
