import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import {
  CreateSessionResponseSchema,
  type CreateSessionRequest,
  type CreateSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict } from "../../store/store.ts";
import { insert, remove } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { sessionMessage } from "./session-message.ts";
import { sessionRevoked } from "./session-revoked-event.ts";
import { findSessionByToken, sessionTokenUse } from "./session-token.ts";

/**
 * Begins a browser session after a completed authentication. Id and token are always new (security A2), and the session
 * that the browser held before ends in the same commit.
 */
export function createSession({ store, vault, clock, lifetimes }: SessionDependencies) {
  return async (request: CreateSessionRequest, context: HandlerContext): Promise<CreateSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const now = clock();
    const token = randomToken("ksn_");
    const record = create(SessionSchema, {
      id: ulid(now),
      tokenHash: tenantVault.keyedHash(sessionTokenUse, token),
      userId: request.userId,
      acr: request.acr,
      amr: request.amr,
      userEpoch: request.userEpoch,
      remoteAddress: request.remoteAddress,
      userAgent: request.userAgent,
      createTime: timestampFromMs(now),
      expireTime: timestampFromMs(now + lifetimes.session),
      ...(request.authTime ? { authTime: request.authTime } : {}),
    });
    const created = eventOf(
      call,
      now,
      { type: "session", id: record.id, version: 1 },
      {
        case: "sessionCreated",
        value: { $typeName: "koder.events.v1.SessionCreated", userId: record.userId, amr: record.amr },
      },
    );
    for (;;) {
      const previous = await findSessionByToken(data, tenantVault, request.previousSessionToken);
      try {
        await (previous === undefined
          ? data.commit([insert(sessions, record)], [created])
          : data.commit(
              [remove(sessions, previous), insert(sessions, record)],
              [sessionRevoked(call, now, previous), created],
            ));
        return create(CreateSessionResponseSchema, { session: sessionMessage(record), sessionToken: token });
      } catch (error) {
        // The session before was ended by somebody else meanwhile; the next turn finds none.
        if (!(error instanceof Conflict) || previous === undefined) throw error;
      }
    }
  };
}
