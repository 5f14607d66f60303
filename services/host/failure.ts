import { Code, ConnectError } from "@connectrpc/connect";
import type { DescEnum, DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
  type BadRequest_FieldViolation,
} from "#gen/google/rpc/error_details_pb.ts";
import { ErrorReasonSchema, ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";

/** `ErrorInfo.domain` of every error of this system. */
export const errorDomain = "id.koder.dev";

/**
 * A rule that one field of the request broke: `field` is its dotted path, `description` what would be right, `reason` the name of
 * the rule (`UPPER_SNAKE`), where programs may want to tell several apart.
 */
export type FieldViolation = Pick<BadRequest_FieldViolation, "field" | "description"> &
  Partial<Pick<BadRequest_FieldViolation, "reason">>;

/** What is wrong with the fields, for a message: `name must be shorter; id is set by the server`. */
export const violationsInWords = (violations: readonly Pick<FieldViolation, "field" | "description">[]): string =>
  violations.map(({ field, description }) => `${field} ${description}`).join("; ");

export interface FailureDetails {
  readonly violations?: readonly FieldViolation[];
  /** Seconds after which a repeat makes sense: `RetryInfo` and the `Retry-After` header. */
  readonly retryAfter?: number;
  /** What was looked for or found, for logs and clients; never a secret. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** What went wrong underneath: logged, never sent. */
  readonly cause?: unknown;
}

/** Builds the error of one reason; the caller throws it. */
export type Failure<Reason extends number> = (
  reason: Reason,
  message: string,
  details?: FailureDetails,
) => ConnectError;

const names = new Map<DescEnum, Map<number, string>>();

/** The reason's name as sent: the enum value's name without the enum's prefix. */
export function reasonName(reasons: DescEnum, reason: number): string {
  let known = names.get(reasons);
  if (known === undefined) {
    known = new Map(
      reasons.values.map((value) => [value.number, value.name.slice((reasons.sharedPrefix ?? "").length)]),
    );
    names.set(reasons, known);
  }
  const name = known.get(reason);
  if (name === undefined) throw new RangeError(`${reasons.typeName} has no value ${reason}`);
  return name.toUpperCase();
}

/**
 * The failures of one service: its closed enum of reasons and, for each reason, the status code that goes with it.
 * `failure(reason, message, details)` gives a ConnectError with `google.rpc.ErrorInfo`, field violations and retry time.
 */
export function failures<Reason extends number>(
  reasons: DescEnum,
  codes: Readonly<Record<Exclude<Reason, 0>, Code>>,
): Failure<Reason> {
  const codeOf = codes as Readonly<Record<number, Code | undefined>>;
  return (reason, message, details = {}) => {
    const code = codeOf[reason];
    if (code === undefined) throw new RangeError(`${reasons.typeName}: no code for reason ${reason}`);
    const outgoing: { desc: DescMessage; value: MessageInitShape<DescMessage> }[] = [
      {
        desc: ErrorInfoSchema,
        value: { reason: reasonName(reasons, reason), domain: errorDomain, metadata: { ...details.metadata } },
      },
    ];
    if (details.violations !== undefined)
      outgoing.push({ desc: BadRequestSchema, value: { fieldViolations: [...details.violations] } });
    if (details.retryAfter !== undefined)
      outgoing.push({
        desc: RetryInfoSchema,
        value: { retryDelay: { seconds: BigInt(Math.ceil(details.retryAfter)), nanos: 0 } },
      });
    const headers =
      details.retryAfter === undefined ? undefined : { "retry-after": String(Math.ceil(details.retryAfter)) };
    return new ConnectError(message, code, headers, outgoing, details.cause);
  };
}

/** The reasons that any RPC may answer with. */
export const failure: Failure<ErrorReason> = failures<ErrorReason>(ErrorReasonSchema, {
  [ErrorReason.INVALID_REQUEST]: Code.InvalidArgument,
  [ErrorReason.CREDENTIAL_MISSING]: Code.Unauthenticated,
  [ErrorReason.CREDENTIAL_INVALID]: Code.Unauthenticated,
  [ErrorReason.PERMISSION_DENIED]: Code.PermissionDenied,
  [ErrorReason.SIGN_IN_TOO_OLD]: Code.Unauthenticated,
  [ErrorReason.TENANT_HEADER_REFUSED]: Code.InvalidArgument,
  [ErrorReason.TENANT_NOT_FOUND]: Code.NotFound,
  [ErrorReason.SERVICE_TOKEN_INVALID]: Code.Unauthenticated,
  [ErrorReason.OVERLOADED]: Code.ResourceExhausted,
  [ErrorReason.UNAVAILABLE]: Code.Unavailable,
  [ErrorReason.DEADLINE_EXCEEDED]: Code.DeadlineExceeded,
  [ErrorReason.INTERNAL]: Code.Internal,
  [ErrorReason.NOT_FOUND]: Code.NotFound,
  [ErrorReason.ETAG_MISMATCH]: Code.Aborted,
  [ErrorReason.REQUEST_ID_REUSED]: Code.InvalidArgument,
  [ErrorReason.PAGE_TOKEN_INVALID]: Code.InvalidArgument,
  [ErrorReason.BODY_TOO_LARGE]: Code.ResourceExhausted,
  [ErrorReason.UNSUPPORTED_MEDIA_TYPE]: Code.InvalidArgument,
  [ErrorReason.METHOD_NOT_ALLOWED]: Code.Unimplemented,
  [ErrorReason.HOST_UNKNOWN]: Code.NotFound,
  [ErrorReason.CANCELED]: Code.Canceled,
  [ErrorReason.CONFLICT]: Code.Aborted,
  [ErrorReason.RATE_LIMITED]: Code.ResourceExhausted,
});
