import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { BrandingSchema, ColorScheme } from "#gen/koder/admin/v1/branding_pb.ts";
import { MailKind, MailKindSchema, MailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { contrast, readHex } from "../../host/colours/colour.ts";
import { kindsOfMail } from "./mail-kinds.ts";
import { mailLook } from "./mail-look.ts";
import { usualWords } from "./mail-words.ts";
import { mailCatalogues, mailLocale } from "./mail-texts.ts";
import { kindName, renderMail } from "./render-mail.ts";

const kinds = MailKindSchema.values
  .map(({ number }) => number as MailKind)
  .filter((kind) => kind !== 0 && kind !== MailKind.SMS_OTP);
const lifetime = 30 * 60_000;
const acme = mailLook("Acme", undefined);
const sender = { senderName: "", replyTo: "" };
const link = "https://id.acme.test/reset?token=kmp_abc&x=1";
const mail = create(MailSchema, { to: "ana@example.com", link, code: "123456", otherAddress: "b@example.com" });

describe.each([...mailCatalogues.keys()])("in %s", (language) => {
  test.each([...kindsOfMail].filter(([, { isMessage }]) => isMessage !== true))(
    "%s is whole, as text and as HTML",
    async (name, { carries }) => {
      const words = usualWords(name, language);
      const { to, subject, text, html } = await renderMail(mail, { language, words, look: acme, sender, lifetime });
      expect(to).toBe("ana@example.com");
      expect(subject).not.toBe("");
      for (const shown of [text, html]) {
        expect(shown).toContain("Acme");
        expect(shown).not.toMatch(/\{\w*\}|undefined/);
      }
      expect(text.includes(`\n\n${link}\n\n`)).toBe(carries === "link");
      expect(html.includes(`href="${link.replace("&", "&amp;")}"`)).toBe(carries === "link");
      for (const shown of [text, html]) expect(shown.includes("123456")).toBe(carries === "code");
      expect(html).toContain(`<html lang="${language}">`);
      expect(html).not.toMatch(/<(?:script|img|link)\b|url\(/);
    },
  );
});

test.each([...mailCatalogues.keys()])(
  "in %s it does not say that nobody reads answers where they go somewhere",
  async (language) => {
    const frame = { language, words: usualWords("password_reset", language), look: acme, lifetime };
    const answered = { senderName: "Acme", replyTo: "help@acme.test" };
    const unanswered = /Nobody reads|Nadie lee|Ninguém lê/;
    const { text, html } = await renderMail(mail, { ...frame, sender });
    for (const shown of [text, html]) expect(shown).toMatch(unanswered);
    const other = await renderMail(mail, { ...frame, sender: answered });
    expect(other).toMatchObject(answered);
    for (const shown of [other.text, other.html]) expect(shown).not.toMatch(unanswered);
  },
);

describe("what a tenant says", () => {
  const hostile = `<script>alert("x")</script>{{ 7 | times: 6 }}{link}`;
  const frame = { language: "en-US", words: usualWords("password_reset", "en-US"), look: acme, sender, lifetime };

  test("is text, whatever it is called and whatever it writes", async () => {
    const look = mailLook("Acme", create(BrandingSchema, { displayName: hostile }));
    const words = {
      subject: `Of {tenant}`,
      body: `<b>${hostile.replace("{link}", "")}\n\n{link}`,
      button: `"><img src=x>`,
    };
    const { subject, text, html } = await renderMail(mail, { ...frame, words, look });
    expect(html).not.toMatch(/<script>|<img|<b>/);
    expect(html.match(/<a /g)).toHaveLength(1);
    expect(subject).toBe(`Of ${hostile}`);
    expect(text).toContain("{{ 7 | times: 6 }}");
  });

  test("is in its colour, with what can be read on it", async () => {
    const look = mailLook("Acme", create(BrandingSchema, { primaryColor: "#ffdd00", cornerRadius: 0 }));
    const { html } = await renderMail(mail, { ...frame, look });
    expect(html).toContain("background:#ffdd00;color:#000000;border-radius:0px");
  });

  test.each([
    ["as the device asks for", ColorScheme.AUTOMATIC, "light dark", "#ffffff"],
    ["light", ColorScheme.LIGHT, "light", "#ffffff"],
    ["dark", ColorScheme.DARK, "dark", "#1d2026"],
  ])("is %s where its pages are, and can be read", async (_name, colorScheme, schemes, surface) => {
    for (const primaryColor of ["", "#1a1446", "#ffdd00", "#0f766e", "#000000"]) {
      const look = mailLook("Acme", create(BrandingSchema, { colorScheme, primaryColor }));
      const { html } = await renderMail(mail, { ...frame, look });
      expect(html).toContain(`<meta name="color-scheme" content="${schemes}">`);
      expect(html).toContain(`background:${surface}`);
      const of = (one: string, other: string) => contrast(readHex(one), readHex(other));
      for (const ground of [look.ground, look.surface]) {
        expect(of(look.text, ground)).toBeGreaterThanOrEqual(4.5);
        expect(of(look.quiet, ground)).toBeGreaterThanOrEqual(4.5);
      }
      expect(of(look.onAccent, look.accent)).toBeGreaterThanOrEqual(4.5);
      if (colorScheme === ColorScheme.DARK) expect(of(look.accent, look.surface)).toBeGreaterThanOrEqual(3);
    }
  });

  test("is in the colour that it has for dark pages, where they are always dark", () => {
    const branding = { colorScheme: ColorScheme.DARK, primaryColor: "#1a1446", primaryColorDark: "#c77dff" };
    expect(mailLook("Acme", create(BrandingSchema, branding)).accent).toBe("#c77dff");
  });
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
    const frames = ["footer", "footer_answered", "link_hint", "sms_otp_text", "test_subject", "test_text"];
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
