import { ConnectError, type Code } from "@connectrpc/connect";
import { BadRequestSchema, RetryInfoSchema } from "#gen/google/rpc/error_details_pb.ts";
import { errorInfoOf } from "../interceptors/error-mapping.ts";

/** Why a call was refused, as its caller is told. */
export interface Refusal {
  readonly reason: string;
  readonly code: Code;
  readonly message: string;
  /** The fields that are named, and the reasons that are given for them. */
  readonly fields: string[];
  readonly fieldReasons: string[];
  /** Seconds to wait, where that is said. */
  readonly retryAfter: number | undefined;
}

/** Why a call was refused. Throws when it was not refused, or by no reason of ours. */
export async function refusal(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => new Error("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  const info = error instanceof ConnectError ? errorInfoOf(error) : undefined;
  if (!(error instanceof ConnectError) || info === undefined) throw error;
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return {
    reason: info.reason,
    code: error.code,
    message: error.rawMessage,
    fields: violations.map(({ field }) => field),
    fieldReasons: violations.map(({ reason }) => reason),
    retryAfter: delay === undefined ? undefined : Number(delay.seconds),
  };
}

/** The reason of a refusal; "ok" where there is none. Throws what is no refusal of ours. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  const [outcome] = await Promise.allSettled([call]);
  return outcome.status === "fulfilled" ? "ok" : (await refusal(call)).reason;
}
