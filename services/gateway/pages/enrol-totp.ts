import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import type { PageFlow } from "./after-step.ts";
import { otherEnrolWays, type EnrolFlow } from "./enrol-ways.ts";
import { answeredBy, shownFault, text, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";

/**
 * Asks a person to add an authenticator app, by a QR code or by a text to type, the same ones each time within a flow; or a
 * passkey, where their browser knows them: whichever the flow waits for. What else it waits for is a button away.
 */
export async function showEnrolTotp(
  peers: Peers,
  request: FastifyRequest,
  reply: FastifyReply,
  pending: PendingSignIn,
  flow: EnrolFlow,
  fault?: Fault,
): Promise<FastifyReply> {
  const { flowId, username, ways, way } = flow;
  const flows = peers.client(BrowserFlowService);
  const [asked, options] = [{ flowId, browser: browserOf(request, pending) }, forward(contextOf(request).outbound)];
  const [totp, passkey] = await Promise.all([
    way === "totp" ? flows.offerTotp(asked, options) : undefined,
    flows.offerNewPasskey(asked, options).catch((error: unknown) => unlessNotExpected(error, way)),
  ]);
  return sendPage(request, reply, {
    template: "enrol-totp",
    ...answeredBy(fault),
    uiLocales: pending.shown.uiLocales,
    show: (texts) => ({
      authorization: pending.authorizationId,
      flow: flowId,
      username,
      ways: ways.join(" "),
      others: otherEnrolWays(flow, texts),
      qrCodeSvg: totp?.qrCodeSvg,
      otpauthUri: totp?.otpauthUri,
      passkey: passkey?.optionsJson,
      secret: totp?.secret.replaceAll(/(.{4})(?=.)/g, "$1 "),
      ...shownFault(fault, texts),
    }),
  });
}

/** Nothing, of what the flow does not wait for beside the app. */
function unlessNotExpected(error: unknown, way: EnrolFlow["way"]): undefined {
  if (way === "totp" && error instanceof ConnectError && errorAnswer(error).reason === "STEP_NOT_EXPECTED")
    return undefined;
  throw error;
}

/** Takes the code that the app shows; answers the flow as it is then, and the recovery codes. */
export const acceptTotp = (
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  { flowId }: PageFlow,
  form: Form,
) =>
  peers
    .client(BrowserFlowService)
    .acceptTotp(
      { flowId, browser: browserOf(request, pending), code: form.get("new_totp").slice(0, longest.code) },
      forward(contextOf(request).outbound),
    );

/** What the form says to an error; undefined for one that it has no words for. */
export function enrolTotpFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id } = errorAnswer(error);
  return reason === "CODE_MISMATCH"
    ? { status: 400, id, sentence: text("fault_enrol_totp"), field: text("fault_totp_field") }
    : undefined;
}

/** Shows recovery codes, this once; its button leads on. */
export const showRecoveryCodes = (
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, shown }: PendingSignIn,
  codes: readonly string[],
): Promise<FastifyReply> =>
  sendPage(request, reply, {
    template: "recovery-codes",
    status: 200,
    uiLocales: shown.uiLocales,
    show: () => ({ authorization: authorizationId, codes }),
  });
