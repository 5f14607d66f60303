import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetMailTemplateResponseSchema,
  type GetMailTemplateRequest,
  type GetMailTemplateResponse,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { templateMessage, templateOf } from "./mail-templates.ts";

/** What one kind of mail says in one language. */
export function getMailTemplate({ store }: Pick<AuthDependencies, "store">) {
  return async (
    { kind, language }: GetMailTemplateRequest,
    context: HandlerContext,
  ): Promise<GetMailTemplateResponse> => {
    const template = await templateOf(store.tenant(callOf(context).tenantId), kind, language);
    return create(GetMailTemplateResponseSchema, { mailTemplate: templateMessage(template) });
  };
}
