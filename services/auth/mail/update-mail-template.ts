import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { MailTemplateSchema } from "#gen/koder/auth/store/v1/mail_template_pb.ts";
import type { MailTemplate } from "#gen/koder/auth/v1/mail_template_pb.ts";
import {
  UpdateMailTemplateResponseSchema,
  type UpdateMailTemplateRequest,
  type UpdateMailTemplateResponse,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { failure } from "../../host/failure.ts";
import { readUpdate } from "../../host/read-update.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { insert, replace } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { mailTemplates } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailTemplateChanged } from "./mail-events.ts";
import { checkWords, templateEtag, templateId, templateMessage, templateOf } from "./mail-templates.ts";
import type { MailWords } from "./mail-words.ts";

/** Changes what one kind of mail says in one language, all or nothing of what the mask names. */
export function updateMailTemplate({ store, clock }: Pick<AuthDependencies, "store" | "clock">) {
  return (request: UpdateMailTemplateRequest, context: HandlerContext): Promise<UpdateMailTemplateResponse> =>
    changeLatest(request.mailTemplate?.etag, async () => {
      const call = callOf(context);
      const { kind: name, language } = request;
      const { asked, paths } = readUpdate(request.mailTemplate, request.updateMask);
      const data = store.tenant(call.tenantId);
      const before = await templateOf(data, name, language);
      const { kind, stored } = before;
      if (asked.etag !== "" && asked.etag !== templateEtag(stored)) throw changedMeanwhile();
      const { subject, body, button } = before.words;
      const words: MailWords = Object.assign({ subject, body, button }, ...paths.map((path) => change(path, asked)));
      checkWords(kind, words);
      const now = clock();
      const [id, updateTime] = [templateId(name, language), timestampFromMs(now)];
      const record = create(MailTemplateSchema, { ...stored?.record, id, kind: name, language, ...words, updateTime });
      const version = (stored?.version ?? 0) + 1;
      const write =
        stored === undefined ? insert(mailTemplates, record) : replace(mailTemplates, record, stored.version);
      const isDone = await commitUnlessChanged(
        data,
        [write],
        [mailTemplateChanged(call, now, { id, version }, "updated")],
      );
      if (!isDone) throw changedMeanwhile();
      const after = { ...before, stored: { record, version }, words };
      return create(UpdateMailTemplateResponseSchema, { mailTemplate: templateMessage(after) });
    });
}

/** The failure of who acts on a template that is not as they have read it. */
export const changedMeanwhile = () =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the template was changed meanwhile; read it again");

function change(path: string, { subject, body, button }: MailTemplate): Partial<MailWords> {
  switch (path) {
    case "subject":
      return { subject };
    case "body":
      return { body };
    case "button":
      return { button };
    default:
      throw authFailure(AuthErrorReason.MAIL_TEMPLATE_INVALID, `${path}: cannot be changed by this call`, {
        violations: [{ field: `mail_template.${path}`, description: "cannot be changed by this call" }],
      });
  }
}
