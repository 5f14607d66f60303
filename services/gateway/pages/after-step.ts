import type { FastifyReply, FastifyRequest } from "fastify";
import { FlowStep, type Flow } from "#gen/koder/auth/v1/flow_pb.ts";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn } from "../oidc/authorization-answer.ts";
import { cookieNames, writeCookie } from "../oidc/cookies.ts";
import { showTerms } from "./accept-terms.ts";
import { askSecondFactor } from "./ask-second-factor.ts";
import { showEnrolment } from "./enrol-factor.ts";
import { showRecoveryCodes } from "./enrol-totp.ts";
import { enrolWays } from "./enrol-ways.ts";
import type { PendingSignIn } from "./pending-sign-in.ts";
import { showNewPassword } from "./new-password.ts";
import { secondFactorWays } from "./second-factor.ts";
import { askEmailCode } from "./verify-email.ts";

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
  /** New ones, which the person is shown before they are led on. */
  readonly recoveryCodes?: readonly string[];
}

/** Leads a person on after a step of their sign-in: to the page of the next step, or with their session to the application. */
export async function afterStep(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  pageFlow: PageFlow,
  { flow, sessionToken, recoveryCodes = [] }: StepAnswer,
): Promise<FastifyReply> {
  if (sessionToken !== "") giveSession(request, reply, sessionToken);
  if (recoveryCodes.length > 0) return showRecoveryCodes(request, reply, pending, recoveryCodes);
  if (sessionToken !== "") return toApplication(peers, request, reply, { ...pending, sessionToken });
  const steps = flow?.nextSteps ?? [];
  const ways = secondFactorWays(steps);
  const [way] = ways;
  if (way !== undefined) return askSecondFactor(peers, request, reply, pending, { ...pageFlow, ways, way });
  if (steps.includes(FlowStep.NEW_PASSWORD)) return showNewPassword(peers, request, reply, pending, pageFlow);
  if (steps.includes(FlowStep.VERIFY_EMAIL)) {
    return askEmailCode(peers, request, reply, pending, { ...pageFlow, email: "", isAgain: false });
  }
  if (steps.includes(FlowStep.ACCEPT_TERMS)) return showTerms(request, reply, pending, pageFlow, flow?.terms);
  const added = enrolWays(steps);
  const [toAdd] = added;
  if (toAdd !== undefined)
    return showEnrolment(peers, request, reply, pending, { ...pageFlow, ways: added, way: toAdd });
  throw new Error("the auth service asks for a step that has no page");
}

function giveSession(request: FastifyRequest, reply: FastifyReply, sessionToken: string): void {
  const isSecure = contextOf(request).tenant.canonicalOrigin.startsWith("https:");
  void reply.header("set-cookie", writeCookie(cookieNames(isSecure).session, sessionToken, isSecure));
}

/** Leads whoever is signed in on to what they signed in for. */
export async function toApplication(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, browserToken, sessionToken }: PendingSignIn,
): Promise<FastifyReply> {
  const { next } = await peers
    .client(AuthorizationService)
    .resumeAuthorization({ authorizationId, browserToken, sessionToken }, forward(contextOf(request).outbound));
  return leadOn(request, reply, next);
}
