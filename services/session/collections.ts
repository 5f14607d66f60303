import { timestampMs } from "@bufbuild/protobuf/wkt";
import { CodeSchema } from "#gen/koder/session/store/v1/code_pb.ts";
import { DeviceCodeSchema } from "#gen/koder/session/store/v1/device_code_pb.ts";
import { EpochSchema } from "#gen/koder/session/store/v1/epoch_pb.ts";
import { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import { RevokedTokenSchema } from "#gen/koder/session/store/v1/revoked_token_pb.ts";
import { SessionClientSchema } from "#gen/koder/session/store/v1/session_client_pb.ts";
import { SessionScheduleSchema } from "#gen/koder/session/store/v1/session_schedule_pb.ts";
import { SessionSchema, SessionUseSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import { UsedProofSchema } from "#gen/koder/session/store/v1/used_proof_pb.ts";
import { expireTimeOf } from "../store/expire-time.ts";
import type { Collection } from "../store/store.ts";

/**
 * How long a session that has run out is kept for its end to be told, should nobody serve meanwhile, in milliseconds; with it, its
 * clients and its use.
 */
export const keptToBeTold = 7 * 86_400_000;

/**
 * Browser sessions. The token in the cookie is found by its keyed hash. A session is over at its `expire_time`, which readers
 * check (`kept-session.ts`); its record stays until its end was told.
 */
export const sessions: Collection<typeof SessionSchema> = {
  name: "session_sessions",
  schema: SessionSchema,
  id: (session) => session.id,
  unique: { token_hash: { type: "text", value: (session) => session.tokenHash } },
  indexes: {
    user_id: { type: "text", value: (session) => session.userId },
    expire_time: { type: "integer", value: expireTimeOf },
  },
  expiresAt: ({ expireTime }) => (expireTime ? timestampMs(expireTime) + keptToBeTold : undefined),
  events: "required",
};

/** When sessions were last used: one row for a session, once that was noted. */
export const sessionUses: Collection<typeof SessionUseSchema> = {
  name: "session_uses",
  schema: SessionUseSchema,
  id: (use) => use.sessionId,
  indexes: {
    idle_end_time: {
      type: "integer",
      value: ({ idleEndTime }) => (idleEndTime ? timestampMs(idleEndTime) : undefined),
    },
  },
  expiresAt: expireTimeOf,
  events: "none", // last-use times
};

/** When each tenant's sessions are to be looked at; in the system's own space. */
export const sessionSchedules: Collection<typeof SessionScheduleSchema> = {
  name: "session_schedules",
  schema: SessionScheduleSchema,
  id: ({ tenantId }) => tenantId,
  indexes: {
    look_time: { type: "integer", value: ({ lookTime }) => (lookTime ? timestampMs(lookTime) : undefined) },
  },
  events: "none", // what is done at that time has its events
};

/** Which clients each session signed its person in to: one row for a client, found by the session. */
export const sessionClients: Collection<typeof SessionClientSchema> = {
  name: "session_clients",
  schema: SessionClientSchema,
  id: ({ sessionId, clientId }) => `${sessionId}/${clientId}`,
  // A client's sessions, in the order in which they began.
  indexes: { client_id: { type: "text", value: ({ clientId }) => clientId } },
  expiresAt: expireTimeOf,
  events: "none", // the events of its grants say it
};

/** Authorization codes, used ones included until what they gave has expired. */
export const codes: Collection<typeof CodeSchema> = {
  name: "session_codes",
  schema: CodeSchema,
  id: (code) => code.codeHash,
  expiresAt: expireTimeOf,
  events: "required",
};

/** Device codes. A user code names at most one that waits, and none once it was decided. */
export const deviceCodes: Collection<typeof DeviceCodeSchema> = {
  name: "session_device_codes",
  schema: DeviceCodeSchema,
  id: (code) => code.codeHash,
  unique: { user_code: { type: "text", value: (code) => (code.decision === "" ? code.userCode : undefined) } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** Grants: one row each, with its refresh family, however often it is refreshed. */
export const grants: Collection<typeof GrantSchema> = {
  name: "session_grants",
  schema: GrantSchema,
  id: (grant) => grant.id,
  indexes: {
    /** The session of those that a logout ends although they go on without it. */
    logout_session_id: {
      type: "text",
      value: ({ endsAtLogout, endReason, sessionId }) => (endsAtLogout && endReason === "" ? sessionId : undefined),
    },
    /** Whose, of those for offline use: the others end with a session, by which they are found. */
    offline_user_id: { type: "text", value: ({ offline, userId }) => (offline ? userId : undefined) },
  },
  expiresAt: expireTimeOf,
  events: "required",
};

/** Access tokens without a grant that were revoked, until they would have expired. */
export const revokedTokens: Collection<typeof RevokedTokenSchema> = {
  name: "session_revoked_tokens",
  schema: RevokedTokenSchema,
  id: (token) => token.jti,
  expiresAt: expireTimeOf,
  events: "required",
};

/** How often everything of a user or client was voided. */
export const epochs: Collection<typeof EpochSchema> = {
  name: "session_epochs",
  schema: EpochSchema,
  id: (epoch) => epoch.subject,
  events: "required",
};

/** One-time proofs that were used. They tell of no change, and go by themselves. */
export const usedProofs: Collection<typeof UsedProofSchema> = {
  name: "session_used_proofs",
  schema: UsedProofSchema,
  id: (proof) => proof.proofId,
  expiresAt: expireTimeOf,
  events: "none",
};

/** Everything that the session service stores. */
export const sessionCollections: readonly Collection[] = [
  sessions,
  sessionUses,
  sessionSchedules,
  sessionClients,
  codes,
  deviceCodes,
  grants,
  revokedTokens,
  usedProofs,
  epochs,
];
