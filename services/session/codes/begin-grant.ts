import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs, timestampFromMs, timestampMs, type Duration } from "@bufbuild/protobuf/wkt";
import type { Code } from "#gen/koder/session/store/v1/code_pb.ts";
import { GrantSchema, type Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import {
  RedeemedGrantSchema,
  type RedeemedGrant,
  type RefreshPolicy,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored, type TenantStore, type Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { randomBytes, ulid } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { keptSession } from "../browser-sessions/kept-session.ts";
import { noteClient } from "../browser-sessions/session-clients.ts";
import { grants, sessionClients, sessions } from "../collections.ts";
import { endGrant } from "../refresh/end-grant.ts";
import type { SessionLifetimes } from "../dependencies.ts";
import { grantMessage } from "../refresh/grant-message.ts";
import { refreshTerms } from "../refresh/refresh-terms.ts";
import { writeRefreshToken } from "../refresh/refresh-token.ts";

/** What a code says of the grant that it gives, whether a browser or a device brings it. */
export type GrantSubject = Pick<
  Code,
  | "clientId"
  | "userId"
  | "sessionId"
  | "scopes"
  | "resources"
  | "claims"
  | "acr"
  | "amr"
  | "authTime"
  | "authTimeRequested"
  | "userEpoch"
  | "clientEpoch"
  | "consentVersion"
> &
  Partial<Pick<Code, "sessionExpireTime">>;

/** What the oauth service says of it when the code is redeemed. */
export interface GrantTerms {
  readonly refreshTokenAllowed: boolean;
  readonly accessTokenLifetime?: Duration | undefined;
  /** Thumbprint of the key that the client has shown; empty when it has shown none. */
  readonly dpopJkt: string;
  /** Whether its refresh tokens are bound to that key. */
  readonly bindRefreshToken: boolean;
  /** Whether the client may no longer have offline access. */
  readonly offlineAccessWithheld: boolean;
  /** Whether the client has refresh tokens without offline access. */
  readonly refreshWithoutOfflineAccess: boolean;
  readonly refreshPolicy?: RefreshPolicy | undefined;
  /** Whether a logout ends the grant also where it is for offline use. */
  readonly endsAtLogout: boolean;
  /** Whose names for people the client has. */
  readonly subjectSector: string;
}

/**
 * The grant that a code gives, with a refresh family where the client may refresh and offline access was granted, or the
 * client has refresh tokens without it. What is not for offline use ends with its session, and by its row no later.
 */
export function grantOf(subject: GrantSubject, terms: GrantTerms, now: number, lifetimes: SessionLifetimes): Grant {
  const isOfflineGranted = subject.scopes.includes("offline_access") && !terms.offlineAccessWithheld;
  const offline = terms.refreshTokenAllowed && isOfflineGranted;
  const refreshes = offline || (terms.refreshTokenAllowed && terms.refreshWithoutOfflineAccess);
  const accessTokenLifetime = terms.accessTokenLifetime ? durationMs(terms.accessTokenLifetime) : 0;
  const { idle, absolute } = refreshTerms(terms.refreshPolicy, lifetimes);
  const sessionEnd = subject.sessionExpireTime && !offline ? timestampMs(subject.sessionExpireTime) : Infinity;
  const end = Math.min(now + (refreshes ? absolute : accessTokenLifetime), sessionEnd);
  const family = {
    generation: 1n,
    salt: randomBytes(16),
    rotateTime: timestampFromMs(now),
    idleLifetime: durationFromMs(idle),
  };
  return create(GrantSchema, {
    id: ulid(now),
    clientId: subject.clientId,
    userId: subject.userId,
    sessionId: subject.sessionId,
    offline,
    endsAtLogout: offline && terms.endsAtLogout,
    scopes: subject.scopes,
    resources: subject.resources,
    claims: subject.claims,
    dpopJkt: refreshes && terms.bindRefreshToken ? terms.dpopJkt : "",
    acr: subject.acr,
    amr: subject.amr,
    authTimeRequested: subject.authTimeRequested,
    userEpoch: subject.userEpoch,
    clientEpoch: subject.clientEpoch,
    consentVersion: subject.consentVersion,
    subjectSector: terms.subjectSector,
    createTime: timestampFromMs(now),
    expireTime: timestampFromMs(end),
    ...(subject.authTime ? { authTime: subject.authTime } : {}),
    ...(refreshes ? family : {}),
  });
}

/** What became of a grant that was to begin. */
export type Beginning = "begun" | "already used" | "session ended";

/**
 * Marks a code as used and begins its grant, in one commit: whoever is second there finds it used. The same commit notes that
 * the session signs its person in to the client. Where the session ended at that moment, whoever tells its clients may have
 * looked before; so the grant ends at once, and the client is given nothing to be told of. A session that was read for the
 * call already is not read again before the commit.
 */
export async function beginGrant(
  data: TenantStore,
  call: Call,
  now: number,
  markUsed: Write,
  grant: Grant,
  sessionReadBefore?: Stored<typeof SessionSchema>,
): Promise<Beginning> {
  const created = grantCreated(call, now, grant);
  for (let session = sessionReadBefore; ; session = undefined) {
    session ??= await keptSession(data, grant.sessionId, now);
    const noted = session === undefined ? [] : await noteClient(data, session.record, grant.clientId);
    try {
      await data.commit([markUsed, insert(grants, grant), ...noted], [created]);
      if (await isStillKept(data, grant.sessionId, now, session)) return "begun";
      break;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      // Another grant of this session noted the client first: then it is noted.
      if (error.collection !== sessionClients.name) return "already used";
    }
  }
  await endGrant(data, call, now, grant.id, "session_ended");
  return "session ended";
}

/** Whether a session is kept, given how it was read before. What did not change since is not read again. */
async function isStillKept(
  data: TenantStore,
  sessionId: string,
  now: number,
  before: Stored<typeof SessionSchema> | undefined,
): Promise<boolean> {
  const version = await data.version(sessions, sessionId);
  if (version === undefined) return false;
  return version === before?.version || (await keptSession(data, sessionId, now)) !== undefined;
}

const grantCreated = (call: Call, now: number, { id, clientId, userId, scopes, sessionId }: Grant) =>
  eventOf(
    call,
    now,
    { type: "grant", id, version: 1 },
    {
      case: "grantCreated",
      value: { $typeName: "koder.events.v1.GrantCreated", clientId, userId, scopes, sessionId },
    },
  );

/** A new grant and its first refresh token, as they are answered. */
export function redeemedGrant(vault: TenantVault, call: Call, grant: Grant, nonce = ""): RedeemedGrant {
  const { tenantId } = call;
  const generation = Number(grant.generation);
  return create(RedeemedGrantSchema, {
    grant: grantMessage(grant, nonce),
    refreshToken:
      generation === 0 ? "" : writeRefreshToken(vault, { tenantId, grantId: grant.id, generation, salt: grant.salt }),
  });
}
