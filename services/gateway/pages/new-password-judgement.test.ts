import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { JudgeNewPasswordResponseSchema } from "#gen/koder/auth/v1/new_password_internal_pb.ts";
import { judgementSentence } from "./new-password-judgement.ts";
import { textsOf } from "./texts.ts";

test.each([
  ["en-US", "2 more characters are needed.", "One more character is needed."],
  ["es", "Faltan 2 caracteres.", "Falta un carácter."],
  ["pt-BR", "Faltam 2 caracteres.", "Falta um caractere."],
])("whoever types a password is told how much is missing, to the last character: %s", (locale, two, one) => {
  const tooShort = (length: number) =>
    create(JudgeNewPasswordResponseSchema, { rule: "too_short", minLength: 15, length });
  expect([13, 14].map((length) => judgementSentence(textsOf(locale), tooShort(length)))).toEqual([two, one]);
});
