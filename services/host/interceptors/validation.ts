import type { DescMessage, Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Validator, type Violation } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { hasOtherLetters, isEmailAddress } from "../email-address.ts";
import { failure } from "../failure.ts";
import { jsonFaults } from "./json-bounds.ts";
import { patternSentence } from "./pattern-sentences.ts";
import { timeFaults } from "./time-faults.ts";

/**
 * Refuses a request that breaks a rule of its message, with one violation for each field. The rules of a message are compiled at
 * its first use: those of all would take a third of a start.
 */
export function validationInterceptor(validator: Validator = createValidator()): Interceptor {
  return (next) => (request) => {
    if (!request.stream) {
      validate(validator, request.method.input, request.message);
      return next(request);
    }
    // The one request of a stream of answers; there are no others in the contract.
    return next({ ...request, message: validated(validator, request.method.input, request.message) });
  };
}

async function* validated<Item extends Message>(
  validator: Validator,
  schema: DescMessage,
  messages: AsyncIterable<Item>,
): AsyncGenerator<Item> {
  for await (const message of messages) {
    validate(validator, schema, message);
    yield message;
  }
}

function validate(validator: Validator, schema: DescMessage, message: Message): void {
  const result = validator.validate(schema, message);
  const times = timeFaults(schema, message);
  // A rule on a time that is none cannot be evaluated.
  if (result.kind === "error" && times.length === 0) throw result.error;
  const broken = result.kind === "invalid" ? result.violations.filter((one) => !isTaken(one, message)) : [];
  const violations = [
    ...broken.map((violation) => ({
      field: pathToString(violation.field),
      description: sentenceOf(violation, message),
    })),
    ...jsonFaults(schema, message),
    ...times,
  ];
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => (field === "" ? description : `${field}: ${description}`));
  throw failure(ErrorReason.INVALID_REQUEST, said.join("; "), { violations });
}

const emailRule = "string.email";

/** Whether a field breaks a rule by its letter alone: that of addresses knows no internationalised domains. */
const isTaken = ({ ruleId, field }: Violation, request: Message): boolean =>
  ruleId === emailRule && isEmailAddress(textAt(field, request));

/** The text in a field of a request; empty where it stands in a list or a choice. */
function textAt(path: Violation["field"], request: Message): string {
  let value: unknown = request;
  for (const part of path) {
    value = part.kind === "field" ? (value as Record<string, unknown> | undefined)?.[part.localName] : undefined;
  }
  return typeof value === "string" ? value : "";
}

/** What a field must be; of a pattern in words. */
function sentenceOf({ message, ruleId, field }: Violation, request: Message): string {
  if (ruleId === emailRule && hasOtherLetters(textAt(field, request))) {
    return "must be an e-mail address with ASCII letters alone before the @: mail cannot be sent to others";
  }
  const pattern = ruleId === "string.pattern" ? /`(.*)`/s.exec(message)?.[1] : undefined;
  return (pattern === undefined ? undefined : patternSentence(pattern)) ?? message;
}
