import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import type { Call } from "../../host/call.ts";

export type { AuthorizationParameters } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";

/** An authorization request that every check has passed, and who stands before it: what interactions decide by. */
export interface AuthorizationState {
  readonly call: Call;
  readonly client: Client;
  /** What was asked for. Stored only if somebody has to be waited for; `createTime` is when the request came. */
  readonly authorization: Authorization;
  /** The browser's live session. */
  readonly session: Session | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
