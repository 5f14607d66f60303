import { reflect } from "@bufbuild/protobuf/reflect";
import { getOption, hasOption, type DescField, type DescMessage, type Message } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { pino, type DestinationStream, type Logger } from "pino";
import { sensitive } from "#gen/koder/options/v1/field_pb.ts";
import { errorInfoOf } from "./interceptors/error-mapping.ts";

export type Log = Logger;

/** How much is logged. */
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/**
 * The log: one JSON object a line, on standard output unless told otherwise, written asynchronously and flushed at exit.
 * What goes in is chosen by name at each place; messages go through `redact`.
 */
export function createLog({
  level,
  destination,
}: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: shownError },
    },
    destination ?? pino.destination({ sync: false, minLength: 0 }),
  );
}

/** An error as it is logged; of a call's, what it says of itself by name, not the descriptors of its details. */
function shownError(error: unknown): unknown {
  if (!(error instanceof ConnectError)) return error instanceof Error ? pino.stdSerializers.err(error) : error;
  const { type, message, stack } = pino.stdSerializers.err(error);
  const info = errorInfoOf(error);
  return { type, message, ...(info === undefined ? {} : { reason: info.reason, id: info.metadata["id"] }), stack };
}

const redacted = "[redacted]";
const plans = new WeakMap<DescMessage, readonly (readonly [field: DescField, hidden: boolean])[]>();

/** A message as it may be logged: set fields by their names, with every field marked `sensitive` redacted, at any depth. */
export function redact(schema: DescMessage, message: Message): Readonly<Record<string, unknown>> {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = schema.fields.map((field) => [field, hasOption(field, sensitive) && getOption(field, sensitive)] as const);
    plans.set(schema, plan);
  }
  const view = reflect(schema, message);
  const shown: Record<string, unknown> = {};
  for (const [field, hidden] of plan) {
    if (view.isSet(field)) shown[field.name] = hidden ? redacted : readable(field, message, view.get(field));
  }
  return shown;
}

function readable(field: DescField, message: Message, value: unknown): unknown {
  const raw = (message as unknown as Readonly<Record<string, unknown>>)[field.localName];
  switch (field.fieldKind) {
    case "message":
      return redactPart(field.message, value);
    case "list":
      return field.listKind === "message"
        ? Array.from(value as Iterable<unknown>, (item) => redactPart(field.message, item))
        : Array.from(value as Iterable<unknown>, plain);
    case "map":
      return `[map of ${Object.keys((raw as object | undefined) ?? {}).length}]`;
    default:
      return plain(value);
  }
}

const redactPart = (schema: DescMessage, part: unknown): unknown =>
  redact(schema, (part as { message: Message }).message);

const plain = (value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value instanceof Uint8Array ? `[${value.length} bytes]` : value;
