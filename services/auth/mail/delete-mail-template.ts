import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DeleteMailTemplateResponseSchema,
  type DeleteMailTemplateRequest,
  type DeleteMailTemplateResponse,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { mailTemplates } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailTemplateChanged } from "./mail-events.ts";
import { templateEtag, templateOf } from "./mail-templates.ts";
import { changedMeanwhile } from "./update-mail-template.ts";

/** Goes back to what every tenant's mails say. */
export function deleteMailTemplate({ store, clock }: Pick<AuthDependencies, "store" | "clock">) {
  return (
    { kind, language, etag }: DeleteMailTemplateRequest,
    context: HandlerContext,
  ): Promise<DeleteMailTemplateResponse> =>
    changeLatest(etag, async () => {
      const call = callOf(context);
      const data = store.tenant(call.tenantId);
      const { stored } = await templateOf(data, kind, language);
      if (etag !== "" && etag !== templateEtag(stored)) throw changedMeanwhile();
      if (stored === undefined) return create(DeleteMailTemplateResponseSchema);
      const resource = { id: stored.record.id, version: stored.version + 1 };
      const isDone = await commitUnlessChanged(
        data,
        [remove(mailTemplates, stored)],
        [mailTemplateChanged(call, clock(), resource, "deleted")],
      );
      if (!isDone) throw changedMeanwhile();
      return create(DeleteMailTemplateResponseSchema);
    });
}
