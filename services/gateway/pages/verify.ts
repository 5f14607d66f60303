import { ConnectError } from "@connectrpc/connect";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { EmailService } from "#gen/koder/auth/v1/email_service_pb.ts";
import { forward } from "../../host/call.ts";
import { errorAnswer } from "../../host/error-answer.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { Form } from "../oidc/form.ts";
import type { ShowError } from "./error-page.ts";
import { shownFault, text, type Fault } from "./fault.ts";
import { longest } from "./longest-inputs.ts";
import { mountPageForm, parsedQuery } from "./page-form.ts";
import { sendPage } from "./render.ts";

/** What the page says to the reasons that it has words for. */
const sentences: Readonly<Record<string, Fault["sentence"]>> = {
  EMAIL_TOKEN_INVALID: text("fault_verify_token"),
  EMAIL_TAKEN: text("fault_verify_taken"),
};

/** The page that a mailed link leads to. Mail programs open links by themselves: what confirms is the button on it. */
export function mountVerify(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  app.get("/verify", async (request, reply) => {
    const query = parsedQuery(request);
    const token = query?.duplicates.length === 0 ? query.get("token").slice(0, longest.secret) : "";
    if (token === "") return showError(request, reply, { status: 400, reason: "INVALID_REQUEST" });
    return sendPage(request, reply, { template: "verify", status: 200, show: () => ({ token }) });
  });
  mountPageForm(app, "/verify", showError, confirm);

  async function confirm(request: FastifyRequest, reply: FastifyReply, form: Form): Promise<FastifyReply> {
    const token = form.get("token").slice(0, longest.secret) || "none";
    try {
      const { done } = await peers.client(EmailService).confirmEmail({ token }, forward(contextOf(request).outbound));
      return await sendPage(request, reply, { template: "verify-done", status: 200, show: () => ({ done }) });
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const { reason, status, id } = errorAnswer(error);
      const sentence = sentences[reason];
      if (sentence === undefined) throw error;
      const fault: Fault = { status, id, sentence };
      return sendPage(request, reply, { template: "verify", status, show: (texts) => shownFault(fault, texts) });
    }
  }
}
