import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadToPage } from "../oidc/authorization-answer.ts";
import { afterStep } from "./after-step.ts";
import { browserOf, waitingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";

/**
 * Signs whoever has just opened an account in to the application that waits in this browser, by a flow like any other: what else
 * the policy asks for is asked for. Where none waits here, or not any more, the person goes back to it by themselves.
 */
export async function signInAfterSignUp(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  account: { readonly email: string; readonly password: string; readonly authorizationId: string },
): Promise<FastifyReply> {
  const pending = await waitingSignIn(peers, request, account.authorizationId);
  if (pending === undefined) {
    return sendPage(request, reply, { template: "sign-up-done", status: 200, show: () => ({}) });
  }
  const { clientId, acrValues } = pending.shown;
  const { email: username, password } = account;
  const given = { username, browser: browserOf(request, pending), password, clientId, acrValues };
  try {
    const answer = await peers.client(BrowserFlowService).submitPassword(given, forward(contextOf(request).outbound));
    return await afterStep(peers, request, reply, pending, { flowId: answer.flow?.id ?? "", username }, answer);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    // The account is there: signing in to it is tried again on the page for it, which says what is wrong.
    return leadToPage(reply, "signIn", pending.authorizationId);
  }
}
