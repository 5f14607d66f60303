import { create, isFieldSet, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import {
  AddressSchema as StoredAddressSchema,
  type Address as StoredAddress,
  type User as StoredUser,
} from "#gen/koder/identity/store/v1/user_pb.ts";
import { AddressSchema, UserSchema, type Address, type User, type UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { attributesOf } from "../attributes/merged-attributes.ts";
import { profileFields } from "./profile-fields.ts";

/** Opaque to callers: the version of the user's record. */
export const userEtag = (version: number): string => `v${version}`;

/** A user as others see them; never with a password. */
export function userMessage({ record, version }: { readonly record: StoredUser; readonly version: number }): User {
  const { address, createTime, updateTime, deleteTime, purgeTime } = record;
  const message = create(UserSchema, {
    id: record.id,
    etag: userEtag(version),
    username: record.username,
    email: record.email,
    emailVerified: record.emailVerified,
    status: record.status as UserStatus,
    passwordChangeRequired: record.passwordChangeRequired,
    phoneNumberVerified: record.phoneNumberVerified,
    ...(address ? { address: create(AddressSchema, withoutType(address)) } : {}),
    ...(record.attributesJson === "" ? {} : { attributes: attributesOf(record) }),
    ...(createTime ? { createTime } : {}),
    ...(updateTime ? { updateTime } : {}),
    ...(deleteTime ? { deleteTime } : {}),
    ...(purgeTime ? { purgeTime } : {}),
  });
  for (const { name } of profileFields) message[name] = record[name];
  return message;
}

/** An address as it is kept; one without any content is none. */
export function storedAddress(address: Address | undefined): StoredAddress | undefined {
  return address === undefined || isEmpty(AddressSchema, address)
    ? undefined
    : create(StoredAddressSchema, withoutType(address));
}

const isEmpty = <Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): boolean =>
  schema.fields.every((field) => !isFieldSet(message, field));

/** The fields of a message without its type's name, for a message of another type with the same fields. */
function withoutType<Fields extends { $typeName: string; $unknown?: unknown }>(
  message: Fields,
): Omit<Fields, "$typeName" | "$unknown"> {
  const { $typeName: _type, $unknown: _unknown, ...fields } = message;
  return fields;
}
