import type { Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import type { ValidationResult, Violation } from "@bufbuild/protovalidate";
import { hasOtherLetters, isEmailAddress } from "../email-address.ts";
import type { FieldViolation } from "../failure.ts";
import { patternSentence } from "./pattern-sentences.ts";

/** What is wrong with a message by the rules of the contract, field by field in words. */
export const ruleFaults = (result: ValidationResult, message: Message): readonly FieldViolation[] =>
  result.kind !== "invalid"
    ? []
    : result.violations
        .filter((violation) => !isTaken(violation, message))
        .map((violation) => ({
          field: pathToString(violation.field),
          description: sentenceOf(violation, message),
        }));

const emailRule = "string.email";

/** Whether a field breaks a rule by its letter alone: that of addresses knows no internationalised domains. */
const isTaken = ({ ruleId, field }: Violation, message: Message): boolean =>
  ruleId === emailRule && isEmailAddress(textAt(field, message));

/** The text in a field of a message; empty where it stands in a list or a choice. */
function textAt(path: Violation["field"], message: Message): string {
  let value: unknown = message;
  for (const part of path) {
    value = part.kind === "field" ? (value as Record<string, unknown> | undefined)?.[part.localName] : undefined;
  }
  return typeof value === "string" ? value : "";
}

/** What a field must be; of a pattern in words. */
function sentenceOf({ message: said, ruleId, field }: Violation, message: Message): string {
  if (ruleId === emailRule && hasOtherLetters(textAt(field, message))) {
    return "must be an e-mail address with ASCII letters alone before the @: mail cannot be sent to others";
  }
  const pattern = ruleId === "string.pattern" ? /`(.*)`/s.exec(said)?.[1] : undefined;
  return (pattern === undefined ? undefined : patternSentence(pattern)) ?? inWords(ruleId, said);
}

/** What the validator says of a number of things, as people say it: it counts `1 characters` and `item(s)`. */
function inWords(ruleId: string, said: string): string {
  const [count = ""] = /\d+/.exec(said) ?? [];
  const items = count === "1" ? "1 item" : `${count} items`;
  switch (ruleId) {
    case "string.min_len":
    case "bytes.min_len":
      return count === "1" ? "must not be empty" : said;
    case "repeated.min_items":
      return count === "1" ? "must not be empty" : `must have at least ${items}`;
    case "repeated.max_items":
      return `must have at most ${items}`;
    case "repeated.unique":
      return "must not have an item twice";
    default:
      return said;
  }
}
