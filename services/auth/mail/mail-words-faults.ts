import type { FieldViolation } from "../../host/failure.ts";
import { shownLineFault, unshownCharacters } from "../../host/shown-line.ts";
import { longestMessage, type KindOfMail } from "./mail-kinds.ts";
import { paragraphsOf, placeholdersOf, type MailWords } from "./mail-words.ts";

/**
 * What is wrong with the words of a mail of this kind; nothing where they are right. What the mail is sent for cannot be left
 * out, said twice or hidden in a sentence, because its reader could not do what it asks for.
 */
export function wordsFaults(
  { carries, values, isMessage = false }: KindOfMail,
  { subject, body, button }: MailWords,
): FieldViolation[] {
  const faults: FieldViolation[] = [];
  const fault = (field: keyof MailWords, description: string): void => void faults.push({ field, description });
  const oneLine = (field: "subject" | "button", text: string): void => {
    const wrong = text === "" ? "must say something" : shownLineFault(text);
    if (wrong !== undefined) fault(field, wrong);
    unknown(field, text, ["tenant"]);
  };
  const unknown = (field: keyof MailWords, text: string, known: readonly string[]): void => {
    const strange = placeholdersOf(text).find((name) => !known.includes(name));
    if (strange === undefined) return;
    fault(field, `{${strange}} is no placeholder here; there are ${known.map((name) => `{${name}}`).join(", ")}`);
  };

  if (!isMessage) oneLine("subject", subject);
  else if (subject !== "") fault("subject", "must be empty: this is a message to a telephone");
  if (isMessage && body.length > longestMessage) fault("body", `must have ${longestMessage} characters at most`);
  const known = [...values, ...(carries === undefined ? [] : [carries])];
  unknown("body", body, known);
  if (unshownCharacters.test(body.replaceAll(/[\n\r]/g, ""))) fault("body", "must be text, without control characters");
  const paragraphs = paragraphsOf(body);
  if (paragraphs.length === 0) fault("body", "must say something");
  if (carries !== undefined) {
    const own = `{${carries}}`;
    const isOnce = placeholdersOf(body).filter((name) => name === carries).length === 1;
    if (isMessage && !isOnce) fault("body", `must have ${own} once: it is what the message is sent for`);
    if (!isMessage && !(isOnce && paragraphs.includes(own))) {
      fault("body", `must have ${own} once, in a paragraph of its own: it is what the mail is sent for`);
    }
  }
  if (carries === "link") oneLine("button", button);
  else if (button !== "") fault("button", `must be empty: this ${isMessage ? "message" : "mail"} has no link`);
  return faults;
}
