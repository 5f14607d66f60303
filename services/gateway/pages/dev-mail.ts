import type { FastifyInstance } from "fastify";
import { ShownMailService } from "#gen/koder/auth/v1/shown_mail_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { sendPage } from "./render.ts";

/** Shows the mails that development does not send, in English as other things for developers. Mounted there alone. */
export function mountDevMail(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  app.get("/dev/mail", async (request, reply) => {
    const { mails } = await peers.client(ShownMailService).listShownMails({}, forward(contextOf(request).outbound));
    return sendPage(request, reply, {
      template: "dev-mail",
      status: 200,
      show: () => ({
        mails: mails.map(({ to, subject, text, createTime }) => ({
          to,
          subject,
          time: createTime === undefined ? "" : new Date(Number(createTime.seconds) * 1_000).toISOString(),
          parts: text.split("\n\n").map((part) => ({ text: part, isLink: /^https?:\/\/\S+$/.test(part) })),
        })),
      }),
    });
  });
}
