import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import type { Call } from "../../host/call.ts";
import { consents } from "../collections.ts";
import { allowedScopes } from "../allowed-scopes.ts";
import { scopesOfClaims } from "../claims/claims-of-scopes.ts";
import { scopeGroups } from "../consents/scope-groups.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { AuthorizationState } from "./authorization-request.ts";
import { browserSessions } from "./browser-sessions.ts";
import { chooseSession } from "./choose-session.ts";
import { namesOf, readClaims } from "./claims-request.ts";
import { needsConsent } from "./interactions/consent.ts";
import { sessionsBefore } from "./signed-in-since.ts";

/** Looks at everything that interactions decide by, as it is now. */
export async function authorizationState(
  dependencies: OauthDependencies,
  call: Call,
  asked: {
    readonly client: Client;
    readonly authorization: Authorization;
    readonly sessionToken: string;
    /** Milliseconds since the epoch. */
    readonly now: number;
  },
): Promise<AuthorizationState> {
  const { client, sessionToken, now } = asked;
  const sessions = await browserSessions(dependencies.peers, call, sessionToken, client.clientId);
  const authorization: Authorization = isNew(asked.authorization)
    ? { ...asked.authorization, sessionsBefore: sessionsBefore(sessions) }
    : asked.authorization;
  const { session, isNamed } = await chooseSession(dependencies, call, client, sessions, authorization);
  const groups = await scopeGroups(dependencies, call, {
    scopes: allowedScopes(client, authorization.scopes),
    scopesOfClaims: allowedScopes(client, scopesOfClaims(namesOf(readClaims(authorization.claims)))),
    resources: authorization.resources,
  });
  return forSession(
    dependencies,
    { call, client, authorization, sessions, isSessionNamed: isNamed, groups, now },
    session,
  );
}

/** Whether a request has just come, and is kept nowhere yet. */
const isNew = ({ idHash }: Pick<Authorization, "idHash">): boolean => idHash === "";

/** The same for one of the sessions. */
export async function forSession(
  { store }: Pick<OauthDependencies, "store">,
  state: Omit<AuthorizationState, "session" | "consent">,
  session: Session | undefined,
): Promise<AuthorizationState> {
  const { call, client, authorization } = state;
  const isAsked = session !== undefined && needsConsent(client, authorization);
  const consent = isAsked
    ? await store.tenant(call.tenantId).get(consents, `${session.userId}/${client.clientId}`)
    : undefined;
  return { ...state, session, consent };
}
