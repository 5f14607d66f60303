import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import type { OutboundFailed } from "./outbound-failed.ts";

/** Seconds: what is under way has its answer, or is given up, by then. */
const comeBack = 5;

/**
 * Throws OVERLOADED where nothing was sent because too much is under way: that says nothing of the host, and whoever asked may
 * come back.
 */
export function refuseBusy(error: OutboundFailed): void {
  if (error.fault !== "busy") return;
  throw failure(ErrorReason.OVERLOADED, "too many requests to other hosts are under way", {
    retryAfter: comeBack,
    cause: error,
  });
}
