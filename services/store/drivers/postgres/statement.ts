import { createHash } from "node:crypto";

/** What a parameter or a column of a row may be; integers are safe ones. */
export type SqlValue = string | number | Uint8Array | null;

/** A statement that each connection prepares once, under a name that its text alone decides. */
export interface Statement {
  /** Undefined: sent as it is, without parameters; for what begins, ends and marks transactions. */
  readonly name: string | undefined;
  readonly text: string;
  readonly rowMode: "array";
}

/** A statement with its values. */
export interface Step {
  readonly statement: Statement;
  readonly values: readonly SqlValue[];
}

/** A statement whose parameters are `$1`, `$2`, …. */
export function statement(text: string): Statement {
  return configured(createHash("sha256").update(text).digest("base64url").slice(0, 22), text);
}

/** The driver copies all own members of what it is given, each time: they are in the prototype. */
function configured(name: string | undefined, text: string): Statement {
  return Object.create({ name, text, rowMode: "array" } satisfies Statement) as Statement;
}

/** A statement whose parameters are `?`, as engines with other habits write them. No other question mark may be in it. */
export function numberedStatement(text: string): Statement {
  let count = 0;
  return statement(text.replaceAll("?", () => `$${(count += 1)}`));
}

/** A statement with its values. */
export function step(prepared: Statement, ...values: readonly SqlValue[]): Step {
  return { statement: prepared, values };
}

/** A step without parameters that is not worth preparing. */
export function plainStep(text: string): Step {
  return { statement: configured(undefined, text), values: [] };
}
