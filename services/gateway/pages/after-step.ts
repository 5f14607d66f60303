import type { FastifyReply, FastifyRequest } from "fastify";
import type { Flow } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn } from "../oidc/authorization-answer.ts";
import { cookieNames, writeCookie } from "../oidc/cookies.ts";
import type { PendingSignIn } from "./pending-sign-in.ts";
import { showNewPassword } from "./new-password.ts";
import { secondFactorWays, showSecondFactor } from "./second-factor.ts";

/** A flow as its pages name it to one another, in hidden inputs: never in an address. */
export interface PageFlow {
  readonly flowId: string;
  /** What the person typed. */
  readonly username: string;
}

/** What the auth service answered to a step. */
export interface StepAnswer {
  readonly flow?: Flow | undefined;
  /** What the browser's cookie must hold; empty until the flow is completed. */
  readonly sessionToken: string;
}

/** Leads a person on after a step of their sign-in: to the page of the next step, or with their session to the application. */
export async function afterStep(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  pageFlow: PageFlow,
  { flow, sessionToken }: StepAnswer,
): Promise<FastifyReply> {
  if (sessionToken !== "") return withSession(peers, request, reply, pending, sessionToken);
  const steps = flow?.nextSteps ?? [];
  const ways = secondFactorWays(steps);
  const [way] = ways;
  if (way !== undefined) return showSecondFactor(request, reply, pending, { ...pageFlow, ways, way });
  if (steps.includes(FlowStep.NEW_PASSWORD)) return showNewPassword(request, reply, pending, pageFlow);
  throw new Error("the auth service asks for a step that has no page");
}

/** Gives the browser its session, and leads it on. */
async function withSession(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, browserToken }: PendingSignIn,
  sessionToken: string,
): Promise<FastifyReply> {
  const { outbound, tenant } = contextOf(request);
  const isSecure = tenant.canonicalOrigin.startsWith("https:");
  const { next } = await peers
    .client(AuthorizationService)
    .resumeAuthorization({ authorizationId, browserToken, sessionToken }, forward(outbound));
  void reply.header("set-cookie", writeCookie(cookieNames(isSecure).session, sessionToken, isSecure));
  return leadOn(request, reply, next);
}
