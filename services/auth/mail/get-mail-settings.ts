import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetMailSettingsResponseSchema,
  type GetMailSettingsRequest,
  type GetMailSettingsResponse,
} from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailSettingsMessage, readMailSettings } from "./mail-settings.ts";

/** From whom the mails of the tenant are. */
export function getMailSettings({ store }: Pick<AuthDependencies, "store">) {
  return async (_request: GetMailSettingsRequest, context: HandlerContext): Promise<GetMailSettingsResponse> => {
    const stored = await readMailSettings(store.tenant(callOf(context).tenantId));
    return create(GetMailSettingsResponseSchema, { mailSettings: mailSettingsMessage(stored) });
  };
}
