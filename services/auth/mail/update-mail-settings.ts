import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { MailSettings } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import {
  UpdateMailSettingsResponseSchema,
  type UpdateMailSettingsRequest,
  type UpdateMailSettingsResponse,
} from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { shownLineFault } from "../../host/shown-line.ts";
import { authFailure } from "../auth-failure.ts";
import { mailSettings, mailSettingsId } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailSettingsMessage } from "./mail-settings.ts";

/** Changes from whom the mails of the tenant are, all or nothing of what the mask names. */
export function updateMailSettings(needs: Pick<AuthDependencies, "store" | "clock">) {
  return async (request: UpdateMailSettingsRequest, context: HandlerContext): Promise<UpdateMailSettingsResponse> => {
    const stored = await changeTenantRecord(needs, callOf(context), place, {
      asked: request.mailSettings,
      mask: request.updateMask,
      change,
      event: (paths) => ({
        case: "mailSettingsUpdated",
        value: { $typeName: "koder.events.v1.MailSettingsUpdated", paths },
      }),
    });
    return create(UpdateMailSettingsResponseSchema, { mailSettings: mailSettingsMessage(stored) });
  };
}

const place = { collection: mailSettings, id: mailSettingsId, resourceType: "mail_settings", name: "mail settings" };

function change(
  path: string,
  { senderName, replyTo }: MailSettings,
): Partial<Pick<MailSettings, "senderName" | "replyTo">> {
  switch (path) {
    case "sender_name": {
      const fault = shownLineFault(senderName);
      if (fault !== undefined) throw invalid(path, fault);
      return { senderName: senderName.trim() };
    }
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
