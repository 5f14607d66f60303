import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { shownLineViolations } from "../../host/shown-line.ts";

/**
 * What a person calls a factor, without spaces around it: administrators read it as well. `field` is where the request has it.
 * Throws INVALID_REQUEST where it is not one line that can be read.
 */
export function factorName(text: string, field: string): string {
  const name = text.trim();
  const violations = shownLineViolations(field, name);
  for (const { description } of violations) {
    throw failure(ErrorReason.INVALID_REQUEST, `${field}: ${description}`, { violations });
  }
  return name;
}
