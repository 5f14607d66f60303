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
import { mostSessions, writeTokens } from "./browser-tokens.ts";
import { sessionMessage } from "./session-message.ts";
import { sessionRevoked } from "./session-revoked-event.ts";
import { sessionTokenUse } from "./session-token.ts";
import { sessionsOfBrowser } from "./sessions-of-browser.ts";

/**
 * Begins a browser session after a completed authentication. Id and token are always new (security A2). What the browser has
 * of the same person ends in the same commit, and so does what it has no room for; sessions of others stay, behind the new one.
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
      const before = await sessionsOfBrowser(data, tenantVault, request.previousSessionToken);
      const staying = before
        .filter(({ live }) => live !== undefined && live.userId !== record.userId)
        .slice(0, mostSessions - 1);
      const ending = before.filter((session) => !staying.includes(session)).map(({ stored }) => stored);
      try {
        await data.commit(
          [...ending.map((stored) => remove(sessions, stored)), insert(sessions, record)],
          [...ending.map((stored) => sessionRevoked(call, now, stored, "replaced")), created],
        );
        return create(CreateSessionResponseSchema, {
          session: sessionMessage(record),
          sessionToken: writeTokens([token, ...staying.map((session) => session.token)]),
        });
      } catch (error) {
        // A session that ends was ended by somebody else meanwhile; the next turn does not find it.
        if (!(error instanceof Conflict) || ending.length === 0) throw error;
      }
    }
  };
}
