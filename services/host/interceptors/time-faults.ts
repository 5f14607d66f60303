import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { FieldViolation } from "../failure.ts";

/** A field of a request that is, or holds, times. */
interface Place {
  readonly field: DescField;
  /** What is wrong with a time; undefined where the field holds messages with times. */
  readonly faultOf: ((value: never) => string | undefined) | undefined;
  readonly inside: readonly Place[];
}

const known = new WeakMap<DescMessage, readonly Place[]>();

/**
 * The points in time and the durations of a request that are none (timestamp.proto and duration.proto of protobuf): whoever speaks JSON
 * cannot send them, and could not be shown what was stored of them.
 */
export function timeFaults(schema: DescMessage, message: Message): readonly FieldViolation[] {
  let places = known.get(schema);
  if (places === undefined) known.set(schema, (places = placesOf(schema, [])));
  return places.length === 0 ? [] : faultsIn(places, message, "");
}

function faultsIn(places: readonly Place[], message: Message, before: string): readonly FieldViolation[] {
  return places.flatMap(({ field, faultOf, inside }) =>
    valuesOf(field, message).flatMap(([name, value]) => {
      const path = `${before}${name}`;
      if (faultOf === undefined) return faultsIn(inside, value, `${path}.`);
      const description = faultOf(value as never);
      return description === undefined ? [] : [{ field: path, description }];
    }),
  );
}

/** What stands in a field, each message with its name. */
function valuesOf(field: DescField, message: Message): readonly (readonly [string, Message])[] {
  const members = message as unknown as Readonly<Record<string, unknown>>;
  const { name, localName, oneof } = field;
  const chosen = oneof && (members[oneof.localName] as { readonly case?: string; readonly value?: unknown });
  const value = chosen === undefined ? members[localName] : chosen.case === localName ? chosen.value : undefined;
  if (value === undefined) return [];
  if (field.fieldKind === "list") return (value as Message[]).map((one, at) => [`${name}[${at}]`, one]);
  if (field.fieldKind === "map") {
    return Object.entries(value as Readonly<Record<string, Message>>).map(([key, one]) => [
      `${name}[${JSON.stringify(key)}]`,
      one,
    ]);
  }
  return [[name, value as Message]];
}

function placesOf(schema: DescMessage, before: readonly DescField[]): readonly Place[] {
  return schema.fields.flatMap((field): readonly Place[] => {
    const { message } = field;
    if (message === undefined || before.includes(field)) return [];
    if (message.typeName === TimestampSchema.typeName) return [{ field, faultOf: timestampFault, inside: [] }];
    if (message.typeName === DurationSchema.typeName) return [{ field, faultOf: durationFault, inside: [] }];
    const inside = message.typeName.startsWith("koder.") ? placesOf(message, [...before, field]) : [];
    return inside.length === 0 ? [] : [{ field, faultOf: undefined, inside }];
  });
}

const mostNanos = 999_999_999;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
const [firstSecond, lastSecond] = [-62_135_596_800n, 253_402_300_799n];
/** Ten thousand years. */
const mostSeconds = 315_576_000_000n;

function timestampFault({ seconds, nanos }: Timestamp): string | undefined {
  if (seconds < firstSecond || seconds > lastSecond) return "must be in the years 1 to 9999";
  return nanos < 0 || nanos > mostNanos ? `must have 0 to ${mostNanos} nanos` : undefined;
}

function durationFault({ seconds, nanos }: Duration): string | undefined {
  if (seconds < -mostSeconds || seconds > mostSeconds) return "must be at most 10,000 years";
  if (nanos < -mostNanos || nanos > mostNanos) return `must have at most ${mostNanos} nanos`;
  return (seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0)
    ? "must have seconds and nanos of one sign"
    : undefined;
}
