import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";

/** What the caller is told whose deadline passed. */
export const exceeded = (cause?: unknown): ConnectError =>
  failure(
    ErrorReason.DEADLINE_EXCEEDED,
    "the call took longer than its deadline",
    cause === undefined ? {} : { cause },
  );

/** Whether a signal aborted because the deadline passed that its caller had given. */
export const deadlinePassed = ({ reason }: AbortSignal): boolean =>
  reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
