import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ListMailTemplatesResponseSchema,
  type ListMailTemplatesRequest,
  type ListMailTemplatesResponse,
} from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { mailTemplates } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { everyTemplate, templateId, templateMessage } from "./mail-templates.ts";
import { kindsOfMail } from "./mail-kinds.ts";
import { usualWords } from "./mail-words.ts";

/** What each kind of mail says in each language. */
export function listMailTemplates({ store }: Pick<AuthDependencies, "store">) {
  return async ({ ownOnly }: ListMailTemplatesRequest, context: HandlerContext): Promise<ListMailTemplatesResponse> => {
    const query = { index: "id", limit: everyTemplate.length } as const;
    const { items } = await store.tenant(callOf(context).tenantId).page(mailTemplates, query);
    const own = new Map(items.map((stored) => [stored.record.id, stored]));
    const templates = everyTemplate.flatMap(([name, language]) => {
      const [kind, stored] = [kindsOfMail.get(name), own.get(templateId(name, language))];
      if (kind === undefined || (ownOnly && stored === undefined)) return [];
      return templateMessage({ name, language, kind, stored, words: stored?.record ?? usualWords(name, language) });
    });
    return create(ListMailTemplatesResponseSchema, { mailTemplates: templates });
  };
}
