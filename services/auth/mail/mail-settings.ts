import { create } from "@bufbuild/protobuf";
import type { MailSettingsSchema as StoredSettingsSchema } from "#gen/koder/auth/store/v1/mail_settings_pb.ts";
import { MailSettingsSchema, type MailSettings } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import { tenantRecordEtag } from "../../host/tenant-record.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { mailSettings, mailSettingsId } from "../collections.ts";

type StoredSettings = Stored<typeof StoredSettingsSchema> | undefined;

/** The settings of a tenant as they are kept; undefined while there are none. */
export const readMailSettings = (data: TenantStore): Promise<StoredSettings> => data.get(mailSettings, mailSettingsId);

/** The settings as administrators see them. */
export function mailSettingsMessage(stored: StoredSettings): MailSettings {
  const { senderName = "", replyTo = "", updateTime } = stored?.record ?? {};
  const etag = tenantRecordEtag(stored);
  return create(MailSettingsSchema, { etag, senderName, replyTo, ...(updateTime ? { updateTime } : {}) });
}

/** From whom a mail of the tenant is. */
export async function senderOf(data: TenantStore): Promise<Pick<MailSettings, "senderName" | "replyTo">> {
  const { senderName, replyTo } = mailSettingsMessage(await readMailSettings(data));
  return { senderName, replyTo };
}
