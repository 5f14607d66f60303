import { timestampMs } from "@bufbuild/protobuf/wkt";
import { CodeSchema } from "#gen/koder/session/store/v1/code_pb.ts";
import { EpochSchema } from "#gen/koder/session/store/v1/epoch_pb.ts";
import { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Collection } from "../store/store.ts";

/** Browser sessions. The token in the cookie is found by its keyed hash. */
export const sessions: Collection<typeof SessionSchema> = {
  name: "session_sessions",
  schema: SessionSchema,
  id: (session) => session.id,
  unique: { token_hash: { type: "text", value: (session) => session.tokenHash } },
  indexes: { user_id: { type: "text", value: (session) => session.userId } },
  expiresAt: (session) => (session.expireTime ? timestampMs(session.expireTime) : undefined),
  events: "required",
};

/** Authorization codes, used ones included until what they gave has expired. */
export const codes: Collection<typeof CodeSchema> = {
  name: "session_codes",
  schema: CodeSchema,
  id: (code) => code.codeHash,
  expiresAt: (code) => (code.expireTime ? timestampMs(code.expireTime) : undefined),
  events: "required",
};

/** Grants: one row each, with its refresh family, however often it is refreshed. */
export const grants: Collection<typeof GrantSchema> = {
  name: "session_grants",
  schema: GrantSchema,
  id: (grant) => grant.id,
  expiresAt: (grant) => (grant.expireTime ? timestampMs(grant.expireTime) : undefined),
  events: "required",
};

/** How often everything of a user or client was voided. */
export const epochs: Collection<typeof EpochSchema> = {
  name: "session_epochs",
  schema: EpochSchema,
  id: (epoch) => epoch.subject,
  events: "required",
};

/** Everything that the session service stores. */
export const sessionCollections: readonly Collection[] = [sessions, codes, grants, epochs];
