import { describe, expect, test } from "vitest";
import { MailKind, MailKindSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { kindsOfMail, type KindOfMail } from "./mail-kinds.ts";
import { mailCatalogues } from "./mail-texts.ts";
import { paragraphsOf, usualWords, wordsWith } from "./mail-words.ts";
import { wordsFaults } from "./mail-words-faults.ts";
import { kindName } from "./render-mail.ts";

test("every kind of mail is there, under the name that events give it", () => {
  const kinds = MailKindSchema.values.map(({ number }) => number as MailKind);
  const mails = kinds.filter((kind) => kind !== MailKind.UNSPECIFIED);
  expect([...kindsOfMail].map(([name, { kind }]) => [name, kind])).toEqual(mails.map((kind) => [kindName(kind), kind]));
});

describe.each([...mailCatalogues.keys()])("what every tenant's mails say in %s", (language) => {
  test.each([...kindsOfMail])("%s is right by the rules for tenants'", (name, kind) => {
    expect(wordsFaults(kind, usualWords(name, language))).toEqual([]);
  });
});

const reset = kindsOfMail.get("password_reset") as KindOfMail;
const words = { subject: "Hello", body: "Choose here:\n\n{link}\n\nUntil {minutes} minutes.", button: "Choose" };
const faultsOf = (changes: Partial<typeof words>, kind = reset) =>
  wordsFaults(kind, { ...words, ...changes }).map(({ field, description }) => `${field}: ${description}`);

describe("the words of a mail", () => {
  test.each([
    ["are right", {}],
    ["are right with what only looks like a placeholder", { subject: "{ tenant } {} {{", body: `{a b}\n\n{link}` }],
    ["are right with lines that end as on Windows", { body: "One\r\n\r\n{link}\r\n" }],
    ["are right in markup, which is text", { body: "<b>Bold</b> & {{ 7 | times: 6 }}\n\n{link}" }],
  ])("%s", (_what, changes) => expect(faultsOf(changes)).toEqual([]));

  test.each([
    [{ subject: "" }, "subject: must say something"],
    [{ subject: "Hello\r\nBcc: everybody@example.com" }, "subject: must be one line"],
    [{ subject: "Your code {code}" }, "subject: {code} is no placeholder here; there are {tenant}"],
    [{ subject: "Hello {name}" }, "subject: {name} is no placeholder here"],
    [{ body: "" }, "body: must say something"],
    [{ body: "Choose here." }, "body: must have {link} once, in a paragraph of its own"],
    [{ body: "Choose here: {link}" }, "body: must have {link} once, in a paragraph of its own"],
    [{ body: "{link}\n\n{link}" }, "body: must have {link} once, in a paragraph of its own"],
    [{ body: "{code}\n\n{link}" }, "body: {code} is no placeholder here; there are {tenant}, {minutes}, {link}"],
    [{ body: "{address}\n\n{link}" }, "body: {address} is no placeholder here"],
    [{ body: "{constructor}\n\n{link}" }, "body: {constructor} is no placeholder here"],
    [{ body: "\u0000\n\n{link}" }, "body: must be text, without control characters"],
    [{ body: "\u202Etxet\n\n{link}" }, "body: must be text, without control characters"],
    [{ button: "" }, "button: must say something"],
    [{ button: "{link}" }, "button: {link} is no placeholder here"],
  ])("%j is refused", (changes, said) => {
    expect(faultsOf(changes)).toEqual(expect.arrayContaining([expect.stringContaining(said)]));
  });

  test("of a mail that only tells of something have nothing to do in them", () => {
    const changed = kindsOfMail.get("password_changed") as KindOfMail;
    expect(faultsOf({ body: "It was changed.", button: "" }, changed)).toEqual([]);
    expect(faultsOf({}, changed)).toEqual([
      "body: {link} is no placeholder here; there are {tenant}",
      "button: must be empty: this mail has no link",
    ]);
  });
});

test("what is put in is not looked at again", () => {
  expect(wordsWith("{tenant} {other}", { tenant: "{link}" })).toBe("{link} ");
});

test("paragraphs are what stands between empty lines", () => {
  expect(paragraphsOf("\n\n a\nb \n \n\t\n{link}\n\n\n")).toEqual(["a\nb", "{link}"]);
});
