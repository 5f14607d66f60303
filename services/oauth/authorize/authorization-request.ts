import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import type { ScopeGroup } from "../consents/scope-groups.ts";
import type { BrowserSession } from "./browser-sessions.ts";

export type { AuthorizationParameters } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";

/** An authorization request that every check has passed, and who stands before it: what interactions decide by. */
export interface AuthorizationState {
  readonly call: Call;
  readonly client: Client;
  /** What was asked for. Stored only if somebody has to be waited for; `createTime` is when the request came. */
  readonly authorization: Authorization;
  /** The browser's live sessions, the active one first. */
  readonly sessions: readonly BrowserSession[];
  /** The one that it is for. */
  readonly session: Session | undefined;
  /** Whether the request or its person said which of several it is. */
  readonly isSessionNamed: boolean;
  /** What the client gets: of the scopes asked for, and of those that carry claims asked for by name, the ones that it still may have. */
  readonly groups: readonly ScopeGroup[];
  /** What the session's person has let the client have; undefined where that is not asked, or nothing. */
  readonly consent: Stored<typeof ConsentSchema> | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}
