import { ConnectError } from "@connectrpc/connect";
import type { FastifyRequest } from "fastify";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { BrowserFlowService } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import type { PageFlow } from "./after-step.ts";
import { text, usedUpFault, waitFault, type Fault } from "./fault.ts";
import { browserOf, type PendingSignIn } from "./pending-sign-in.ts";

// Passkeys on the pages: what the page's script asks for goes in an attribute of a form, and what it gets comes as the form's
// input, so that it talks to nobody and the pages' Content-Security-Policy stays as it is.

/** What the browser asks a passkey by within a flow, as JSON, and whose its passkeys are. */
export async function passkeyOptions(
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  flowId: string,
): Promise<{ readonly optionsJson: string; readonly userHandle: string; readonly userName: string }> {
  const asked = { flowId, browser: browserOf(request, pending) };
  const { outbound } = contextOf(request);
  return peers.client(BrowserFlowService).offerPasskey(asked, forward(outbound));
}

/** Takes what a passkey signed. */
export const givePasskey = (
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  { flowId }: Pick<PageFlow, "flowId">,
  form: Form,
) =>
  peers.client(BrowserFlowService).submitPasskey(
    {
      flowId,
      browser: { ...browserOf(request, pending), rememberDevice: form.get("remember") === "yes" },
      credentialJson: form.get("passkey").slice(0, 16_384),
      clientId: pending.shown.clientId,
    },
    forward(contextOf(request).outbound),
  );

/** Takes a new passkey; answers the flow as it is then, and the recovery codes. */
export const acceptPasskey = (
  peers: Peers,
  request: FastifyRequest,
  pending: PendingSignIn,
  { flowId }: PageFlow,
  form: Form,
) =>
  peers.client(BrowserFlowService).acceptPasskey(
    {
      flowId,
      browser: browserOf(request, pending),
      credentialJson: form.get("new_passkey").slice(0, 32_768),
    },
    forward(contextOf(request).outbound),
  );

/**
 * What a page says to a passkey that was refused; undefined for what it has no words for. One that begins a flow may also come
 * too late, or twice: the page that is shown then offers another one.
 */
export function passkeyFault(error: unknown, isSecond: boolean): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id, headers } = errorAnswer(error);
  if (reason === "TOO_MANY_ATTEMPTS") return waitFault({ id, headers });
  if (reason === "ATTEMPTS_USED_UP") return usedUpFault({ id });
  const isRefused = reason === "PASSKEY_NOT_ACCEPTED" || (reason === "STEP_NOT_EXPECTED" && !isSecond);
  return isRefused ? { status: 401, id, sentence: text("fault_passkey") } : undefined;
}

/** The id of a passkey that nobody has here, of what a form sent; empty for any other answer. */
export function unknownPasskey(error: unknown, form: Form): string {
  const violations = error instanceof ConnectError ? error.findDetails(BadRequestSchema) : [];
  if (violations[0]?.fieldViolations[0]?.reason !== "PASSKEY_UNKNOWN") return "";
  // Whoever said so has read it.
  const { id } = JSON.parse(form.get("passkey")) as { readonly id?: unknown };
  return typeof id === "string" && /^[\w-]{1,1400}$/.test(id) ? id : "";
}

/** What the page says to a new passkey that was refused. */
export function newPasskeyFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const { reason, id } = errorAnswer(error);
  return reason === "PASSKEY_NOT_ACCEPTED" ? { status: 400, id, sentence: text("fault_new_passkey") } : undefined;
}
