import type { DescMessage, Message } from "@bufbuild/protobuf";
import { createValidator, type Validator } from "@bufbuild/protovalidate";
import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import { jsonFaults } from "./json-bounds.ts";
import { ruleFaults } from "./rule-faults.ts";
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
  const violations = [...ruleFaults(result, message), ...jsonFaults(schema, message), ...times];
  if (violations.length === 0) return;
  const said = violations.map(({ field, description }) => (field === "" ? description : `${field}: ${description}`));
  throw failure(ErrorReason.INVALID_REQUEST, said.join("; "), { violations });
}
