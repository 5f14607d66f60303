import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { claimsOfUser, userClaimNames } from "./user-claims.ts";

const everything = {
  username: "ana.silva",
  email: "ana@example.com",
  emailVerified: false,
  name: "Ana Silva",
  givenName: "Ana",
  familyName: "Silva",
  middleName: "M",
  nickname: "An",
  profile: "https://a.example/p",
  picture: "https://a.example/i",
  website: "https://a.example/",
  gender: "f",
  birthdate: "1990-02-03",
  zoneinfo: "Europe/Paris",
  locale: "pt-BR",
  phoneNumber: "+5511999990000",
  phoneNumberVerified: true,
  address: { locality: "Recife", postalCode: "50000" },
  updateTime: timestampFromMs(1_700_000_000_999),
};

test("each has its name and type", () => {
  expect(claimsOfUser(create(UserSchema, everything), userClaimNames)).toEqual({
    name: "Ana Silva",
    given_name: "Ana",
    family_name: "Silva",
    middle_name: "M",
    nickname: "An",
    preferred_username: "ana.silva",
    profile: "https://a.example/p",
    picture: "https://a.example/i",
    website: "https://a.example/",
    gender: "f",
    birthdate: "1990-02-03",
    zoneinfo: "Europe/Paris",
    locale: "pt-BR",
    updated_at: 1_700_000_000,
    email: "ana@example.com",
    email_verified: false,
    phone_number: "+5511999990000",
    phone_number_verified: true,
    address: { locality: "Recife", postal_code: "50000" },
  });
});

test("what is not asked for, not known or no claim of a user is left out", () => {
  const user = create(UserSchema, everything);
  expect(claimsOfUser(user, ["nickname", "id", "password", "constructor"])).toEqual({ nickname: "An" });
  expect(claimsOfUser(create(UserSchema, { address: {}, username: "ana" }), userClaimNames)).toEqual({
    preferred_username: "ana",
  });
});
