import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { ClientKeySchema } from "#gen/koder/oauth/v1/client_key_pb.ts";

/** Members of a JSON Web Key that only private or shared keys have (RFC 7518 §6; `priv` is that of AKP): they are refused, never passed over. */
export const privateKeyMembers: ReadonlySet<string> = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]);

/**
 * Whether a member that stands in the JSON of a message is one that whoever reads it passes over: of a JSON Web Key, such as `x5c`,
 * what the contract has no field for (RFC 7517 §4).
 */
export const isPassedOver = ({ typeName, fields }: DescMessage, name: string): boolean =>
  typeName === ClientKeySchema.typeName &&
  !privateKeyMembers.has(name) &&
  !fields.some((field) => field.name === name || field.jsonName === name);

/** Whether there are JSON Web Keys somewhere in a message. */
const holdsKeys = new Map<DescMessage, boolean>();

function mayHoldKeys(message: DescMessage): boolean {
  const known = holdsKeys.get(message);
  if (known !== undefined) return known;
  // No message with keys contains itself: what is asked on the way holds none.
  holdsKeys.set(message, false);
  const found =
    message.typeName === ClientKeySchema.typeName ||
    message.fields.some(({ message: inside }) => inside !== undefined && mayHoldKeys(inside));
  holdsKeys.set(message, found);
  return found;
}

/** The JSON of a message without what is passed over. What it is otherwise, and whether it is right, stays as it was. */
export function withoutPassedOver(message: DescMessage, json: JsonObject): JsonObject {
  if (!mayHoldKeys(message)) return json;
  const inside = (name: string) => message.fields.find((field) => field.name === name || field.jsonName === name);
  const entries = Object.entries(json).filter(([name]) => !isPassedOver(message, name));
  return Object.fromEntries(entries.map(([name, value]) => [name, valueWithout(inside(name)?.message, value)]));
}

function valueWithout(message: DescMessage | undefined, value: JsonValue): JsonValue {
  if (message === undefined || typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? value.map((item) => valueWithout(message, item)) : withoutPassedOver(message, value);
}
