import { ConnectError } from "@connectrpc/connect";
import type { FastifyRequest } from "fastify";
import { AuthorizationService, type GetAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { browserCookies, type BrowserCookies } from "../oidc/browser-cookies.ts";
import { authorizationIdOf } from "./form-page.ts";
import { longest } from "./longest-inputs.ts";

/** A sign-in that an application asked for: what its pages go on with from one request to the next. */
export interface PendingSignIn {
  readonly authorizationId: string;
  readonly browserToken: string;
  readonly sessionToken: string;
  readonly shown: GetAuthorizationResponse;
}

/** The sign-in with this id, if it is this browser's. Rejects with AUTHORIZATION_NOT_FOUND. */
export async function pendingSignIn(peers: Peers, request: FastifyRequest, id: string): Promise<PendingSignIn> {
  const { browserToken, sessionToken } = browserCookies(request);
  const authorizationId = authorizationIdOf(id);
  const shown = await peers
    .client(AuthorizationService)
    .getAuthorization({ authorizationId, browserToken }, forward(contextOf(request).outbound));
  return { authorizationId, browserToken, sessionToken, shown };
}

/** The same where it may be gone: undefined for none, for another browser's, and for one that has run out. */
export async function waitingSignIn(
  peers: Peers,
  request: FastifyRequest,
  id: string,
): Promise<PendingSignIn | undefined> {
  if (id === "") return undefined;
  try {
    return await pendingSignIn(peers, request, id);
  } catch (error) {
    if (error instanceof ConnectError) return undefined;
    throw error;
  }
}

/** What the auth service is told of the browser. */
export const browserOf = (request: FastifyRequest, { browserToken, sessionToken }: BrowserCookies) => ({
  browserToken,
  sessionToken,
  remoteAddress: contextOf(request).remoteAddress.slice(0, longest.remoteAddress),
  userAgent: (request.headers["user-agent"] ?? "").slice(0, longest.userAgent).toWellFormed(),
});
