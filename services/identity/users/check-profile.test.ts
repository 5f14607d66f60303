import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { UserSchema } from "#gen/koder/identity/v1/user_pb.ts";
import { refusal } from "../identity-fixture.ts";
import { checkProfile } from "./check-profile.ts";

const check = async (claims: MessageInitShape<typeof UserSchema>, paths?: readonly string[]): Promise<void> =>
  checkProfile(create(UserSchema, claims), paths);

test.each([
  { locale: "es-MX" },
  { locale: "zh-Hant-TW" },
  { locale: "pt" },
  { zoneinfo: "America/Sao_Paulo" },
  { zoneinfo: "UTC" },
  { zoneinfo: "Etc/GMT+5" },
  { birthdate: "1990-12-31" },
  { birthdate: "0000-02-29" },
  { birthdate: "2000-02-29" },
  { birthdate: "1990" },
  { name: "Ação 日本 👩‍💻" },
  { gender: "não-binário" },
  { address: { formatted: "1 Rue X\r\n75001 Paris", streetAddress: "1 Rue X\nBât. B", locality: "Paris" } },
  { address: {} },
  { locale: "", zoneinfo: "", birthdate: "", name: "" },
])("%j is taken", async (claims) => {
  await expect(check(claims)).resolves.toBeUndefined();
});

test.each([
  { locale: "not a locale!!" },
  { locale: "en_US" },
  { locale: "e" },
  { zoneinfo: "Mars/Phobos" },
  { zoneinfo: "+01:00" },
  { birthdate: "2000-99-99" },
  { birthdate: "1999-02-29" },
  { birthdate: "1990-00-10" },
  { birthdate: "0000" },
  { name: "Ada\nLovelace" },
  { nickname: "\u200B" },
])("%j is refused, by its name", async (claims) => {
  const [name = ""] = Object.keys(claims);
  expect(await refusal(check(claims))).toMatchObject({ reason: "INVALID_REQUEST", fields: [`user.${name}`] });
});

test("what is shown of a person beside their names is one line, too, but for the streets of an address", async () => {
  const line = "a\nb";
  expect(await refusal(check({ gender: line, website: "https://a.example/\u202Egnp" }))).toMatchObject({
    fields: ["user.website", "user.gender"],
  });
  const address = {
    formatted: "a\u0000b",
    streetAddress: "a\u202Eb",
    locality: line,
    region: line,
    postalCode: line,
    country: line,
  };
  expect(await refusal(check({ address }))).toMatchObject({
    reason: "INVALID_REQUEST",
    fields: ["formatted", "street_address", "locality", "region", "postal_code", "country"].map(
      (name) => `user.address.${name}`,
    ),
  });
  await check({ address }, ["gender"]);
});

test("each name of a person is one line", async () => {
  const [line, names] = ["a\u202Eb", ["name", "givenName", "familyName", "middleName", "nickname"]];
  const fields = ["name", "given_name", "family_name", "middle_name", "nickname"].map((name) => `user.${name}`);
  expect(await refusal(check(Object.fromEntries(names.map((name) => [name, line]))))).toMatchObject({ fields });
});

test("only what is written is looked at, and all that is wrong of it is said", async () => {
  const wrong = { locale: "!", zoneinfo: "Mars/Phobos" };
  await check(wrong, ["name", "birthdate"]);
  expect(await refusal(check(wrong))).toMatchObject({ fields: ["user.locale", "user.zoneinfo"] });
});
