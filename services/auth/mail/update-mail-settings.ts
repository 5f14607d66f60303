import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { MailSettingsSchema as StoredSettingsSchema } from "#gen/koder/auth/store/v1/mail_settings_pb.ts";
import type { MailSettings } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import {
  UpdateMailSettingsResponseSchema,
  type UpdateMailSettingsRequest,
  type UpdateMailSettingsResponse,
} from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { readUpdate } from "../../host/read-update.ts";
import { unshownCharacters } from "../../host/unshown-characters.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { insert, replace } from "../../store/writes.ts";
import { authFailure } from "../auth-failure.ts";
import { mailSettings, mailSettingsId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailSettingsEtag, mailSettingsMessage, readMailSettings } from "./mail-settings.ts";

/** Changes from whom the mails of the tenant are, all or nothing of what the mask names. */
export function updateMailSettings({ store, clock }: Pick<AuthDependencies, "store" | "clock">) {
  return async (request: UpdateMailSettingsRequest, context: HandlerContext): Promise<UpdateMailSettingsResponse> => {
    const call = callOf(context);
    const { asked, paths } = readUpdate(request.mailSettings, request.updateMask);
    const data = store.tenant(call.tenantId);
    const stored = await readMailSettings(data);
    const mismatch = () =>
      failure(ErrorReason.ETAG_MISMATCH, "etag: the settings were changed meanwhile; read them again");
    if (asked.etag !== "" && asked.etag !== mailSettingsEtag(stored)) throw mismatch();
    const now = clock();
    const record = create(StoredSettingsSchema, {
      ...stored?.record,
      id: mailSettingsId,
      ...Object.assign({}, ...paths.map((path) => change(path, asked))),
      updateTime: timestampFromMs(now),
    });
    const version = (stored?.version ?? 0) + 1;
    const updated = eventOf(
      call,
      now,
      { type: "mail_settings", id: mailSettingsId, version },
      { case: "mailSettingsUpdated", value: { $typeName: "koder.events.v1.MailSettingsUpdated", paths } },
    );
    const write = stored === undefined ? insert(mailSettings, record) : replace(mailSettings, record, stored.version);
    if (!(await commitUnlessChanged(data, [write], [updated]))) throw mismatch();
    return create(UpdateMailSettingsResponseSchema, { mailSettings: mailSettingsMessage({ record, version }) });
  };
}

function change(
  path: string,
  { senderName, replyTo }: MailSettings,
): Partial<Pick<MailSettings, "senderName" | "replyTo">> {
  switch (path) {
    case "sender_name":
      if (!unshownCharacters.test(senderName)) return { senderName: senderName.trim() };
      throw invalid(path, "must be one line of text");
    case "reply_to":
      return { replyTo };
    default:
      throw invalid(path, "cannot be changed by this call");
  }
}

const invalid = (path: string, description: string) =>
  authFailure(AuthErrorReason.MAIL_SETTINGS_INVALID, `${path}: ${description}`, {
    violations: [{ field: `mail_settings.${path}`, description }],
  });
