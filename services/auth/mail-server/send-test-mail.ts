import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  SendTestMailResponseSchema,
  type SendTestMailRequest,
  type SendTestMailResponse,
} from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { inWindow } from "../../host/windowed-attempts.ts";
import { tooMany } from "../attempts.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { lookOfTenant } from "../mail/look-of-tenant.ts";
import { senderOf } from "../mail/mail-settings.ts";
import { mailCatalogues, mailLocale } from "../mail/mail-texts.ts";
import { MailNotSent } from "../mail/mail-transport.ts";
import { renderMail } from "../mail/render-mail.ts";
import { openMailServer } from "./mail-server.ts";

/** Within an hour, by one tenant: enough to set a server up, too few to look around by. */
const most = 20;
const hour = 60 * 60_000;
/** How long the server has, in milliseconds: less than the call. */
const patience = 10_000;

/** What did not work, by the fault; a sentence about nothing that only the server itself would tell. */
const sentences: Readonly<Record<string, string>> = {
  address: "the host has no address, or one that is not public",
  port: "the operator does not exempt this port of the host any more",
  busy: "other mails wait for the server; try again in a moment",
  connection: "the server could not be reached, or did not answer in time",
  greeting: "what answered is no mail server, or does not want to talk to us",
  tls: "there is no TLS, or the server's certificate is not good for its name",
  sign_in: "the server does not take this user name and password",
  sender: "the server does not send mails from this address",
  refused: "the server refuses mails to this recipient",
  deferred: "the server does not take the mail now",
};

/** Sends a mail by the tenant's own server, and answers once it was taken. */
export function sendTestMail({
  store,
  vault,
  tenants,
  peers,
  ownServers,
  clock,
}: Pick<AuthDependencies, "store" | "vault" | "tenants" | "peers" | "ownServers" | "clock">) {
  return async (request: SendTestMailRequest, context: HandlerContext): Promise<SendTestMailResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [counter, forgotten] = inWindow("test-mails", hour, clock());
    if ((await data.add(counter, 1, forgotten)) > most) throw tooMany(hour);
    const server = await openMailServer(data, vault);
    if (server === undefined) {
      throw authFailure(AuthErrorReason.MAIL_SERVER_NOT_SET, "the tenant has no mail server of its own");
    }
    const language = mailLocale(request.language);
    const texts = mailCatalogues.get(language) ?? {};
    const words = { subject: texts["test_subject"] ?? "", body: texts["test_text"] ?? "", button: "" };
    const look = await lookOfTenant(peers, call, await tenants.get(call));
    const mail = { to: request.to, link: "", code: "", otherAddress: "" };
    const rendered = await renderMail(mail, { language, words, look, sender: await senderOf(data), lifetime: 0 });
    await ownServers.send(server, rendered, { tenantId: call.tenantId, id: call.requestId }, patience).catch(tell);
    return create(SendTestMailResponseSchema);
  };
}

function tell(error: unknown): never {
  if (!(error instanceof MailNotSent)) throw error;
  const { fault } = error;
  throw authFailure(AuthErrorReason.TEST_MAIL_NOT_SENT, sentences[fault] ?? "the mail was not sent", {
    metadata: { fault },
  });
}
