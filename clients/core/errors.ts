import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
  type ErrorInfo,
} from "../../gen/ts-public/google/rpc/error_details_pb.ts";
import type { ErrorReason } from "./reasons.ts";

/** `ErrorInfo.domain` of every error of Koder ID. */
const errorDomain = "id.koder.dev";

/** A rule that one field of the request broke. */
export interface Violation {
  /** Its path in the request, with dots. */
  readonly field: string;
  /** What would be right. */
  readonly description: string;
}

/**
 * Why the server refused a call; undefined when the error does not come from Koder ID, for instance because no server
 * answered. A newer server may send a reason that is not in the type: let a `switch` have a default.
 */
export function reason(error: unknown): ErrorReason | undefined {
  return errorInfo(error)?.reason as ErrorReason | undefined;
}

/** The id of this one occurrence of an error, KID-…: the server's logs have it too. */
export function errorId(error: unknown): string | undefined {
  return errorInfo(error)?.metadata["id"];
}

/** What the server says beyond the reason, such as the permission that lacks; empty when it says nothing. */
export function errorMetadata(error: unknown): Readonly<Record<string, string>> {
  return errorInfo(error)?.metadata ?? {};
}

/**
 * The id that the server gave the failed request, as its logs and traces name it. It has nothing to do with the request id of
 * a create.
 */
export function requestId(error: unknown): string | undefined {
  return failureOf(error)?.metadata.get("x-request-id") ?? undefined;
}

/** The fields that the server refused; none when the error is not about fields. */
export function violations(error: unknown): readonly Violation[] {
  const [refused] = details(error, BadRequestSchema);
  return (refused?.fieldViolations ?? []).map(({ field, description }) => ({ field, description }));
}

/**
 * How long the server asks to wait before a repeat, in milliseconds, in a RetryInfo or in the header Retry-After; undefined
 * when it does not.
 */
export function retryAfterMs(error: unknown): number | undefined {
  const delay = details(error, RetryInfoSchema)[0]?.retryDelay;
  if (delay !== undefined) return Math.max(0, Number(delay.seconds) * 1_000 + delay.nanos / 1e6);
  return retryAfterHeader(failureOf(error)?.metadata.get("retry-after") ?? "", Date.now());
}

/** Reads Retry-After: seconds or a date (RFC 9110 §10.2.3). `now` is in milliseconds since the epoch. */
export function retryAfterHeader(value: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const date = /^[A-Za-z]{3,9},? /.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function errorInfo(error: unknown): ErrorInfo | undefined {
  return details(error, ErrorInfoSchema).find(({ domain }) => domain === errorDomain);
}

function details<Desc extends DescMessage>(error: unknown, schema: Desc): MessageShape<Desc>[] {
  return failureOf(error)?.findDetails(schema) ?? [];
}

/** How many errors may be wrapped around each other; more would be a circle. */
const deepest = 16;

/** The failed call behind an error, which a program may have wrapped as the `cause` of its own. */
function failureOf(error: unknown): ConnectError | undefined {
  let one = error;
  for (let depth = 0; depth < deepest && one instanceof Error; depth++) {
    if (one instanceof ConnectError) return one;
    one = one.cause;
  }
  return undefined;
}
