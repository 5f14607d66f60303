import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { MailKind, MailKindSchema, MailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { mailCatalogues, mailLocale } from "./mail-texts.ts";
import { kindName, renderMail } from "./render-mail.ts";

const kinds = MailKindSchema.values
  .map(({ number }) => number as MailKind)
  .filter((kind) => kind !== 0 && kind !== MailKind.SMS_OTP);
const frame = { tenant: "Acme", lifetime: 30 * 60_000 };

describe.each([...mailCatalogues.keys()])("in %s", (locale) => {
  test.each(kinds.map((kind) => [kindName(kind), kind] as const))(
    "%s is whole, as text and as HTML",
    async (_, kind) => {
      const link = "https://id.acme.test/reset?token=kmp_abc&x=1";
      const mail = create(MailSchema, {
        to: "ana@example.com",
        locale,
        link,
        code: "123456",
        otherAddress: "b@example.com",
      });
      const { to, subject, text, html } = await renderMail(kind, mail, frame);
      expect(to).toBe("ana@example.com");
      expect(subject).not.toBe("");
      for (const shown of [text, html]) {
        expect(shown).toContain("Acme");
        expect(shown).not.toMatch(/\{\w*\}|undefined/);
      }
      expect(text).toContain(link);
      expect(text).toContain("123456");
      expect(html).toContain(`href="${link.replace("&", "&amp;")}"`);
      expect(html).toContain(`<html lang="${locale}">`);
      expect(html).not.toMatch(/<(?:script|img|link)\b|url\(/);
    },
  );
});

test("what a tenant is called is text, whatever it is called", async () => {
  const mail = create(MailSchema, { to: "ana@example.com", locale: "en" });
  const tenant = `<script>alert("x")</script>`;
  const { html } = await renderMail(MailKind.PASSWORD_CHANGED, mail, { ...frame, tenant });
  expect(html).not.toContain("<script>");
});

describe("the catalogues", () => {
  const [[, english] = ["", {}], ...others] = [...mailCatalogues];
  test.each(others)("%s has every text, with the same names in it, and no other", (_locale, texts) => {
    expect(Object.keys(texts).toSorted()).toEqual(Object.keys(english).toSorted());
    for (const [key, text] of Object.entries(texts)) {
      expect((text.match(/\{\w+\}/g) ?? []).toSorted(), key).toEqual(
        (english[key]?.match(/\{\w+\}/g) ?? []).toSorted(),
      );
    }
  });
  test("every text is used, and every kind has its own", () => {
    const names = kinds.map(kindName);
    const frames = ["footer", "link_hint", "sms_otp_text"];
    const isUsed = (key: string) => frames.includes(key) || names.some((name) => key.startsWith(`${name}_`));
    expect(Object.keys(english).filter((key) => !isUsed(key))).toEqual([]);
    for (const name of names)
      for (const part of ["subject", "lead", "after"]) expect(english[`${name}_${part}`]).toBeDefined();
  });
});

test.each([
  [["pt"], "pt-BR"],
  [["es-AR"], "es"],
  [["", "fr", "pt-PT"], "pt-BR"],
  [["en-GB"], "en-US"],
  [["", ""], "en-US"],
  [[], "en-US"],
])("of %j: %s", (wanted, locale) => {
  expect(mailLocale(...wanted)).toBe(locale);
});
