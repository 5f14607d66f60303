import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type PersonalAccessTokenSchema as StoredTokenSchema,
  type PersonalAccessToken as StoredToken,
} from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { PersonalAccessTokenSchema, type PersonalAccessToken } from "#gen/koder/admin/v1/personal_access_token_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import type { Stored } from "../../store/store.ts";
import { randomToken } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";

/** Names the keyed hash under which a personal access token is kept. */
export const personalAccessTokenUse = "personal-access-token";

/** A new token of a tenant: 256 random bits, and of which tenant it is. */
export const newPersonalAccessToken = (tenantId: string): string => randomToken(`kpat_${tenantId}_`);

/** A token as its owner sees it: never with its value, but for the one answer that `value` is given for. */
export function personalAccessTokenMessage(
  { id, displayName, scopes, createTime, expireTime }: StoredToken,
  { value = "", lastUse }: { readonly value?: string; readonly lastUse?: Timestamp | undefined } = {},
): PersonalAccessToken {
  return create(PersonalAccessTokenSchema, {
    id,
    token: value,
    displayName,
    scopes,
    ...(createTime ? { createTime } : {}),
    ...(expireTime ? { expireTime } : {}),
    ...(lastUse ? { lastUseTime: lastUse } : {}),
  });
}

/** The answer to an id that none of the person's tokens has. */
export const personalAccessTokenNotFound = (id: string) =>
  adminFailure(AdminErrorReason.PERSONAL_ACCESS_TOKEN_NOT_FOUND, `the person has no token with the id ${id}`);

/** A token is gone. */
export const personalAccessTokenDeleted = (
  call: Outbound,
  now: number,
  { record: { id, userId }, version }: Stored<typeof StoredTokenSchema>,
): Event =>
  eventOf(
    call,
    now,
    { type: "personal_access_token", id, version: version + 1 },
    {
      case: "personalAccessTokenDeleted",
      value: { $typeName: "koder.events.v1.PersonalAccessTokenDeleted", userId },
    },
  );
