import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { SessionSchema, type Session } from "#gen/koder/session/store/v1/session_pb.ts";
import {
  CreateSessionResponseSchema,
  type CreateSessionRequest,
  type CreateSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { mostSessions, writeTokens } from "./browser-tokens.ts";
import { keepClients } from "./session-clients.ts";
import { sessionMessage } from "./session-message.ts";
import { sessionRevoked } from "./session-revoked-event.ts";
import { forgetUse, useAtSignIn } from "./session-use.ts";
import { sessionTokenUse } from "./session-token.ts";
import { sessionsOfBrowser } from "./sessions-of-browser.ts";

/**
 * Begins a browser session after a completed authentication, or renews the one that the same person has in this browser, so
 * that a step-up (`prompt=login`, `max_age`) does not sign them out of the applications that they came to by it. The token is
 * always new, and the one before opens nothing from this commit on (security A2). A session of theirs that was voided ends
 * in the same commit, and so does what the browser has no room for; sessions of others stay, behind this one.
 */
export function createSession({ store, vault, sessionSchedule, clock, lifetimes }: SessionDependencies) {
  return async (request: CreateSessionRequest, context: HandlerContext): Promise<CreateSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const now = clock();
    const end = now + (request.lifetime ? durationMs(request.lifetime) : lifetimes.session);
    const token = randomToken("ksn_");
    const proven = {
      tokenHash: tenantVault.keyedHash(sessionTokenUse, token),
      userId: request.userId,
      acr: request.acr,
      amr: request.amr,
      userEpoch: request.userEpoch,
      secondFactorRemembered: request.secondFactorRemembered,
      firstFactor: request.firstFactor,
      secondFactors: request.secondFactors,
      remoteAddress: request.remoteAddress,
      userAgent: request.userAgent,
      expireTime: timestampFromMs(end),
      ...(request.authTime ? { authTime: request.authTime } : {}),
      idleLifetime: request.idleLifetime,
    };
    const idle = request.idleLifetime === undefined ? Infinity : durationMs(request.idleLifetime);
    await sessionSchedule.lookBy(call.tenantId, Math.min(end, now + idle));
    for (;;) {
      const before = await sessionsOfBrowser(data, tenantVault, request.previousSessionToken, now);
      const staying = before
        .filter(({ live }) => live !== undefined && live.userId !== request.userId)
        .slice(0, mostSessions - 1);
      const own = before.find(({ live }) => live?.userId === request.userId && live.userEpoch === request.userEpoch);
      const ending = before.filter((session) => session !== own && !staying.includes(session)).map((one) => one.stored);
      const change = own === undefined ? begun(call, now, proven) : renewed(call, now, proven, own.stored);
      try {
        await data.commit(
          [
            ...ending.map((stored) => remove(sessions, stored)),
            ...(await Promise.all(ending.map(({ record }) => forgetUse(data, record.id)))).flat(),
            ...change.writes,
            ...(await useAtSignIn(data, change.record, now, own === undefined)),
            ...(own === undefined ? [] : await keepClients(data, change.record)),
          ],
          [...ending.map((stored) => sessionRevoked(call, now, stored, "replaced")), change.event],
        );
        return create(CreateSessionResponseSchema, {
          session: sessionMessage(change.record),
          sessionToken: writeTokens([token, ...staying.map((session) => session.token)]),
        });
      } catch (error) {
        // A session of this browser was renewed or ended by somebody else meanwhile; the next turn sees it as it is.
        if (!(error instanceof Conflict) || before.length === 0) throw error;
      }
    }
  };
}

type Proven = Partial<Omit<Session, "$typeName" | "$unknown">>;

/** A new session. */
function begun(call: Call, now: number, proven: Proven) {
  const record = create(SessionSchema, { ...proven, id: ulid(now), createTime: timestampFromMs(now) });
  const { id, userId, amr } = record;
  const value = { $typeName: "koder.events.v1.SessionCreated", userId, amr } as const;
  const event = eventOf(call, now, { type: "session", id, version: 1 }, { case: "sessionCreated", value });
  return { record, writes: [insert(sessions, record)], event };
}

/** A session as its person has proven anew who they are: what was given in it stays. */
function renewed(call: Call, now: number, proven: Proven, { record: before, version }: Stored<typeof SessionSchema>) {
  const record = create(SessionSchema, { ...before, ...proven });
  const { id, userId, amr } = record;
  const value = { $typeName: "koder.events.v1.SessionRenewed", userId, amr } as const;
  const event = eventOf(call, now, { type: "session", id, version: version + 1 }, { case: "sessionRenewed", value });
  return { record, writes: [replace(sessions, record, version)], event };
}
