import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { InitialAccessTokenSchema } from "#gen/koder/oauth/store/v1/initial_access_token_pb.ts";
import { KeyScheduleSchema } from "#gen/koder/oauth/store/v1/key_schedule_pb.ts";
import { PushedRequestSchema } from "#gen/koder/oauth/store/v1/pushed_request_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { OAuthPolicySchema } from "#gen/koder/oauth/store/v1/oauth_policy_pb.ts";
import { PendingLogoutSchema } from "#gen/koder/oauth/store/v1/pending_logout_pb.ts";
import { LogoutDeliverySchema, LogoutScheduleSchema } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import { SigningKeySchema } from "#gen/koder/oauth/store/v1/signing_key_pb.ts";
import { SubjectKeySchema } from "#gen/koder/oauth/store/v1/subject_key_pb.ts";
import { requestRecords } from "../host/idempotency.ts";
import { expireTimeOf } from "../store/expire-time.ts";
import type { Collection } from "../store/store.ts";
import { keptForHints } from "./keys/rotation-policy.ts";

/** What clients' names are compared by: case does not matter. An index holds no NUL. */
export const clientNameKey = (name: string): string => name.toLowerCase().replaceAll("\0", "\ufffd");

/** Clients, and the tombstones of deleted ones, which keep their ids from being given again (security A30). */
export const clients: Collection<typeof ClientSchema> = {
  name: "oauth_clients",
  schema: ClientSchema,
  id: (client) => client.clientId,
  indexes: {
    live_id: { type: "text", value: (client) => (client.deleteTime ? undefined : client.clientId) },
    name: { type: "text", value: (client) => (client.deleteTime ? undefined : clientNameKey(client.clientName)) },
  },
  events: "required",
};

/** Resource servers. No two of a tenant have one identifier. */
export const resourceServers: Collection<typeof ResourceServerSchema> = {
  name: "oauth_resource_servers",
  schema: ResourceServerSchema,
  id: (server) => server.id,
  unique: { identifier: { type: "text", value: (server) => server.identifier } },
  events: "required",
};

/** What people have let clients have. One that was taken back stays, so that its version goes on. */
export const consents: Collection<typeof ConsentSchema> = {
  name: "oauth_consents",
  schema: ConsentSchema,
  // Neither id holds a slash.
  id: ({ userId, clientId }) => `${userId}/${clientId}`,
  indexes: { user_id: { type: "text", value: ({ granted, userId }) => (granted.length === 0 ? undefined : userId) } },
  events: "required",
};

/** The id of a tenant's one policy. */
export const oauthPolicyId = "oauth";

/** What a tenant asks of its clients: at most one record. */
export const oauthPolicies: Collection<typeof OAuthPolicySchema> = {
  name: "oauth_policies",
  schema: OAuthPolicySchema,
  id: ({ id }) => id,
  events: "required",
};

/** What lets whoever has it register clients. */
export const initialAccessTokens: Collection<typeof InitialAccessTokenSchema> = {
  name: "oauth_initial_access_tokens",
  schema: InitialAccessTokenSchema,
  id: ({ id }) => id,
  unique: { token_hash: { type: "text", value: ({ tokenHash }) => tokenHash } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** Authorization requests that wait for their person; they change nothing and expire by themselves. */
export const authorizations: Collection<typeof AuthorizationSchema> = {
  name: "oauth_authorizations",
  schema: AuthorizationSchema,
  id: (authorization) => authorization.idHash,
  expiresAt: expireTimeOf,
  events: "none",
};

/** Authorization requests that wait for a browser to come with them; they change nothing and expire by themselves. */
export const pushedRequests: Collection<typeof PushedRequestSchema> = {
  name: "oauth_pushed_requests",
  schema: PushedRequestSchema,
  id: (request) => request.idHash,
  expiresAt: expireTimeOf,
  events: "none",
};

/** Logout requests that wait for their person; they change nothing and expire by themselves. */
export const pendingLogouts: Collection<typeof PendingLogoutSchema> = {
  name: "oauth_pending_logouts",
  schema: PendingLogoutSchema,
  id: ({ idHash }) => idHash,
  expiresAt: expireTimeOf,
  events: "none",
};

/** Clients that are told that a session ended: one for each client of a session, also after it was told, for a while. */
export const logoutDeliveries: Collection<typeof LogoutDeliverySchema> = {
  name: "oauth_logout_deliveries",
  schema: LogoutDeliverySchema,
  id: ({ id }) => id,
  unique: { session_client: { type: "text", value: ({ sessionId, clientId }) => `${sessionId}/${clientId}` } },
  indexes: {
    client_id: { type: "text", value: ({ clientId }) => clientId },
    user_id: { type: "text", value: ({ userId }) => userId },
    state: { type: "text", value: ({ state }) => state },
    client_state: { type: "text", value: ({ clientId, state }) => `${clientId}/${state}` },
    /** Those of a client that wait, the first due first: its time as a text that sorts. */
    client_due: {
      type: "text",
      value: ({ clientId, nextAttemptTime }) =>
        nextAttemptTime ? `${clientId}/${String(timestampMs(nextAttemptTime)).padStart(16, "0")}` : undefined,
    },
  },
  expiresAt: expireTimeOf,
  events: "required",
};

/** When the deliveries to a client are due, in the system's own space: across all tenants by their time. */
export const logoutSchedules: Collection<typeof LogoutScheduleSchema> = {
  name: "oauth_logout_schedules",
  schema: LogoutScheduleSchema,
  id: ({ tenantId, clientId }) => `${tenantId}/${clientId}`,
  indexes: { due_time: { type: "integer", value: ({ dueTime }) => (dueTime ? timestampMs(dueTime) : undefined) } },
  events: "none",
};

/** Signing keys. At most one of an algorithm is next and one current: replicas that race agree by this index. */
export const signingKeys: Collection<typeof SigningKeySchema> = {
  name: "oauth_signing_keys",
  schema: SigningKeySchema,
  id: (key) => key.kid,
  unique: {
    slot: { type: "text", value: (key) => (key.state === "retired" ? undefined : `${key.alg}/${key.state}`) },
  },
  events: "required",
};

/**
 * Signing keys that have left the key set in order, as they were when they left: their public halves alone, for id tokens
 * that come back as hints. A collection of their own, so that no list of keys has them, nor an older version in a cluster.
 */
export const pastSigningKeys: Collection<typeof SigningKeySchema> = {
  name: "oauth_past_signing_keys",
  schema: SigningKeySchema,
  id: (key) => key.kid,
  indexes: { alg: { type: "text", value: (key) => key.alg } },
  expiresAt: ({ retireTime }) => (retireTime ? timestampMs(retireTime) + keptForHints : undefined),
  events: "none",
};

/** The key of a tenant's pairwise subjects: made once, unseen, and followed by nothing. */
export const subjectKeys: Collection<typeof SubjectKeySchema> = {
  name: "oauth_subject_keys",
  schema: SubjectKeySchema,
  id: (key) => key.id,
  events: "none",
};

/** When signing keys are due, in the system's own space: across all tenants by their time. */
export const keySchedules: Collection<typeof KeyScheduleSchema> = {
  name: "oauth_key_schedules",
  schema: KeyScheduleSchema,
  id: ({ tenantId, alg }) => `${tenantId}/${alg}`,
  indexes: {
    plan_time: { type: "integer", value: ({ planTime }) => (planTime ? timestampMs(planTime) : undefined) },
  },
  events: "none",
};

/** Answers to Create calls that carried a request id. */
export const oauthRequests = requestRecords("oauth");

/** Everything that the oauth service stores. */
export const oauthCollections: readonly Collection[] = [
  clients,
  resourceServers,
  consents,
  oauthPolicies,
  initialAccessTokens,
  authorizations,
  pushedRequests,
  pendingLogouts,
  logoutDeliveries,
  logoutSchedules,
  signingKeys,
  pastSigningKeys,
  subjectKeys,
  keySchedules,
  oauthRequests,
];
