import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { errorId } from "./error-id.ts";
import { bearerChallenge } from "./challenges.ts";
import { errorInfoOf } from "./interceptors/error-mapping.ts";

/** An error as HTTP answers it: `{ "error": { "reason", "message", "id", "violations": [{ "field", "description", "reason" }] } }`. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  readonly reason: string;
  /** For whoever reads it, in English. */
  readonly message: string;
  readonly id: string;
}

/** HTTP status of a status code, as google.rpc.Code says it. */
const statusOfCode: Readonly<Record<Code, number>> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/** Where HTTP has a status of its own. */
const statusOfReason: Readonly<Record<string, number | undefined>> = {
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  HOST_UNKNOWN: 421,
  HASHING_BUSY: 503,
  // 504 is for gateways; and whoever waited in vain is to come back, as when something is away.
  DEADLINE_EXCEEDED: 503,
};

/** RFC 9110 §15.6.4: seconds after which to come back, where the error does not say. */
const comeBack = "1";

/** The HTTP answer of an error of ours. An error that has no reason yet is a fault of ours. */
export function errorAnswer(error: ConnectError): ErrorAnswer {
  const info = errorInfoOf(error);
  const reason = info?.reason ?? "INTERNAL";
  const id = info?.metadata["id"] ?? errorId(reason);
  const violations = error.findDetails(BadRequestSchema)[0]?.fieldViolations.map((violation) => {
    const { field, description, reason: rule } = violation;
    return { field, description, ...(rule === "" ? {} : { reason: rule }) };
  });
  const status = info === undefined ? 500 : (statusOfReason[reason] ?? statusOfCode[error.code]);
  const retryAfter = error.metadata.get("retry-after") ?? (status === 503 ? comeBack : null);
  const nonce = error.metadata.get("dpop-nonce");
  const message = info === undefined ? "something went wrong on our side" : error.rawMessage;
  return {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      ...(retryAfter === null ? {} : { "retry-after": retryAfter }),
      ...(status === 401 ? { "www-authenticate": error.metadata.get("www-authenticate") ?? bearerChallenge } : {}),
      ...(nonce === null ? {} : { "dpop-nonce": nonce }),
    },
    body: JSON.stringify({
      error: {
        reason,
        message,
        id,
        violations: violations ?? [],
      },
    }),
    reason,
    message,
    id,
  };
}
