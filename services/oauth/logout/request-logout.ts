import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import {
  RequestLogoutResponseSchema,
  type RequestLogoutRequest,
  type RequestLogoutResponse,
} from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { browserSessions } from "../authorize/browser-sessions.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { readIdTokenHint } from "../token/id-token-hint.ts";
import { storeLogout } from "./pending-logout.ts";
import { readLogoutRequest, type LogoutRequest } from "./read-logout-request.ts";
import { signedOut } from "./signed-out.ts";

type Answer = Exclude<MessageInitShape<typeof RequestLogoutResponseSchema>, RequestLogoutResponse>;

/**
 * The end session endpoint (OpenID Connect RP-Initiated Logout 1.0 §2). A hint that fits a session of the browser proves that
 * the person's own application asks, so that this session ends at once, and those of other people beside it stay; whoever
 * else sends the browser here could be anybody (security A26), so the person is asked. To be led on needs a proven client
 * and URI, and either a hint or the person's own click (security A19).
 */
export function requestLogout(dependencies: OauthDependencies) {
  const { peers, clients } = dependencies;
  return async (parameters: RequestLogoutRequest, context: HandlerContext): Promise<RequestLogoutResponse> => {
    const call = callOf(context);
    try {
      const [given, found] = await Promise.all([
        readIdTokenHint(dependencies, call, parameters.idTokenHint),
        browserSessions(peers, call, parameters.sessionToken),
      ]);
      const sessions = found.map(({ session }) => session);
      const request = await readLogoutRequest(clients, call, parameters, given);
      const { browserToken } = parameters;
      return create(RequestLogoutResponseSchema, await answer(dependencies, call, { request, sessions, browserToken }));
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(RequestLogoutResponseSchema, { next: { case: "errorPage", value: error.toMessage() } });
    }
  };
}

interface Step {
  readonly request: LogoutRequest;
  /** Of this browser, the active one first. */
  readonly sessions: readonly Session[];
  readonly browserToken: string;
}

async function answer(
  dependencies: OauthDependencies,
  call: Call,
  { request, sessions, browserToken }: Step,
): Promise<Answer> {
  const { peers } = dependencies;
  const { hint, client, back, fault } = request;
  const ending = await sessionsOf(dependencies, call, request, sessions);
  const [active] = sessions;
  if (active === undefined || ending.length > 0) {
    for (const { id } of ending) {
      await peers.client(BrowserSessionService).endSession({ sessionId: id }, forward(call));
    }
    const next =
      hint !== undefined && back !== undefined
        ? ({ case: "redirect", value: back } as const)
        : ({ case: "signedOut", value: signedOut(client, back, fault) } as const);
    return { next, isSignedOut: ending.length === sessions.length };
  }
  const [logoutId, { user }] = await Promise.all([
    storeLogout(dependencies, call, request, browserToken),
    peers.client(CredentialService).getClaims({ userId: active.userId }, forward(call)),
  ]);
  return {
    next: {
      case: "question",
      value: {
        logoutId,
        clientName: client?.clientName || (client?.clientId ?? ""),
        name: user?.name ?? "",
        username: user?.username ?? "",
        fault,
      },
    },
  };
}

/** The sessions that a hint speaks of: its own, or those that its person has begun in this browser since. */
async function sessionsOf(
  { subjects }: OauthDependencies,
  call: Call,
  { hint, client }: LogoutRequest,
  sessions: readonly Session[],
): Promise<readonly Session[]> {
  if (hint === undefined || client === undefined) return [];
  const names = await Promise.all(
    sessions.map(({ id, userId }) =>
      Promise.all([subjects.of(call, client, userId), subjects.ofSession(call, client, id)]),
    ),
  );
  return sessions.filter((_, index) => names[index]?.[0] === hint.subject || names[index]?.[1] === hint.sid);
}
