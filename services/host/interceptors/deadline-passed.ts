import { Code, ConnectError } from "@connectrpc/connect";

/** Whether a signal aborted because the deadline passed that its caller had given. */
export const deadlinePassed = ({ reason }: AbortSignal): boolean =>
  reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
