import { ConnectError } from "@connectrpc/connect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { PageFlow } from "./after-step.ts";
import { busyFault, shownFault, text, type Fault } from "./fault.ts";
import type { PendingSignIn } from "./pending-sign-in.ts";
import { sendPage } from "./render.ts";

/** Asks for a new password. */
export function showNewPassword(
  request: FastifyRequest,
  reply: FastifyReply,
  { authorizationId, shown }: PendingSignIn,
  { flowId, username }: PageFlow,
  fault?: Fault,
): Promise<FastifyReply> {
  return sendPage(request, reply, {
    template: "new-password",
    status: fault?.status ?? 200,
    uiLocales: shown.uiLocales,
    show: (texts) => ({ authorization: authorizationId, flow: flowId, username, ...shownFault(fault, texts) }),
  });
}

/** What the form says to an error; undefined for one that it has no words for. */
export function newPasswordFault(error: unknown): Fault | undefined {
  if (!(error instanceof ConnectError)) return undefined;
  const answer = errorAnswer(error);
  const { reason, id } = answer;
  if (reason === "HASHING_BUSY") return busyFault(answer);
  if (reason !== "PASSWORD_NOT_ALLOWED" && reason !== "INVALID_REQUEST") return undefined;
  const said = error.findDetails(BadRequestSchema)[0]?.fieldViolations[0]?.description ?? "";
  const key = said.includes("at least")
    ? "fault_short"
    : said.includes("at most")
      ? "fault_long"
      : said.includes("replaces")
        ? "fault_same"
        : said.includes("common")
          ? "fault_common"
          : "fault_simple";
  return { status: 400, id, sentence: text("fault_new_password"), field: text(key) };
}
