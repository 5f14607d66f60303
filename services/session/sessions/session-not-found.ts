import type { ConnectError } from "@connectrpc/connect";
import { SessionErrorReason } from "#gen/koder/session/v1/errors_pb.ts";
import { sessionFailure } from "../session-failure.ts";

/** The answer to an id that no live session of the tenant has. */
export const sessionNotFound = (sessionId: string): ConnectError =>
  sessionFailure(SessionErrorReason.SESSION_NOT_FOUND, `no live session has the id ${sessionId}`);
