import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  UserCreatedSchema,
  UserDeletedSchema,
  UserErasedSchema,
  UserRestoredSchema,
  type Event,
} from "#gen/koder/events/v1/event_pb.ts";
import { UserStatusSchema, type UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import type { Call, Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";

const resource = (id: string, version: number) => ({ type: "user", id, version });

/** A user was created. */
export const userCreated = (call: Call, now: number, id: string): Event =>
  eventOf(call, now, resource(id, 1), { case: "userCreated", value: create(UserCreatedSchema) });

/** A user was deleted, to be erased at `purgeAt` (ms). */
export const userDeleted = (call: Call, now: number, id: string, version: number, purgeAt: number): Event =>
  eventOf(call, now, resource(id, version), {
    case: "userDeleted",
    value: create(UserDeletedSchema, { purgeTime: timestampFromMs(purgeAt) }),
  });

/** A deleted user was restored. */
export const userRestored = (call: Call, now: number, id: string, version: number): Event =>
  eventOf(call, now, resource(id, version), { case: "userRestored", value: create(UserRestoredSchema) });

/** A user was erased. */
export const userErased = (call: Outbound, now: number, id: string, version: number): Event =>
  eventOf(call, now, resource(id, version), { case: "userErased", value: create(UserErasedSchema) });

/** Fields of a user were changed; `version` is the record's after the change, `status` what was set where it is among them. */
export const userUpdated = (
  call: Call,
  now: number,
  id: string,
  version: number,
  paths: readonly string[],
  status?: UserStatus,
): Event =>
  eventOf(call, now, resource(id, version), {
    case: "userUpdated",
    value: {
      $typeName: "koder.events.v1.UserUpdated",
      paths: [...paths],
      status: status === undefined ? "" : (UserStatusSchema.value[status]?.localName ?? ""),
    },
  });

/** A user's password was set; `version` is the user record's after the change. */
export const userPasswordChanged = (
  call: Call,
  now: number,
  id: string,
  version: number,
  byAdministrator: boolean,
): Event =>
  eventOf(call, now, resource(id, version), {
    case: "userPasswordChanged",
    value: { $typeName: "koder.events.v1.UserPasswordChanged", byAdministrator },
  });
