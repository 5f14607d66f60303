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

/** Whether a member of a message is one of a private key. */
export const isPrivateMember = ({ typeName }: DescMessage, name: string): boolean =>
  typeName === ClientKeySchema.typeName && privateKeyMembers.has(name);

/** What is said of such a member. */
export const wantedPublicKey = "is of a private key, which its owner alone has; send the public one";

const known = new Map<DescMessage, boolean>();

/** Whether there are JSON Web Keys somewhere in a message. */
export function holdsKeys(message: DescMessage): boolean {
  const found = known.get(message);
  if (found !== undefined) return found;
  // No message with keys contains itself: what is asked on the way holds none.
  known.set(message, false);
  const holds =
    message.typeName === ClientKeySchema.typeName ||
    message.fields.some(({ message: inside }) => inside !== undefined && holdsKeys(inside));
  known.set(message, holds);
  return holds;
}

/** The way to a member of a private key in the JSON of a message, such as `client.jwks.keys[0].d`; undefined where there is none. */
export function privateMember(message: DescMessage, json: JsonObject, before = ""): string | undefined {
  if (!holdsKeys(message)) return undefined;
  const name = Object.keys(json).find((one) => isPrivateMember(message, one));
  if (name !== undefined) return `${before}${name}`;
  for (const field of message.fields) {
    const value = json[field.name] ?? json[field.jsonName];
    for (const [at, item] of (Array.isArray(value) ? value : [value]).entries()) {
      if (field.message === undefined || typeof item !== "object" || item === null) continue;
      const path = `${before}${field.name}${Array.isArray(value) ? `[${at}]` : ""}.`;
      const found = privateMember(field.message, item as JsonObject, path);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The JSON of a message without what is passed over. What it is otherwise, and whether it is right, stays as it was. */
export function withoutPassedOver(message: DescMessage, json: JsonObject): JsonObject {
  if (!holdsKeys(message)) return json;
  const inside = (name: string) => message.fields.find((field) => field.name === name || field.jsonName === name);
  const entries = Object.entries(json).filter(([name]) => !isPassedOver(message, name));
  return Object.fromEntries(entries.map(([name, value]) => [name, valueWithout(inside(name)?.message, value)]));
}

function valueWithout(message: DescMessage | undefined, value: JsonValue): JsonValue {
  if (message === undefined || typeof value !== "object" || value === null) return value;
  return Array.isArray(value) ? value.map((item) => valueWithout(message, item)) : withoutPassedOver(message, value);
}
