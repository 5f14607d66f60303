import { create, mergeFromJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { ruleFaults } from "../../host/interceptors/rule-faults.ts";
import { privateKeyMembers } from "../../host/json-web-key.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { metadataRefused } from "./metadata-refused.ts";
import { registeredMembers } from "./registered-members.ts";

const validator = createValidator();

/** Client metadata as sent: the JSON object, and what of it is kept as a client. */
export interface SentMetadata {
  readonly json: Readonly<JsonObject>;
  readonly client: Client;
}

/**
 * Reads client metadata (RFC 7591 §2). What we know no member for is passed over, null is as good as nothing, and each member
 * that is of the wrong kind, too long or too many is named. A software statement is nobody's whom we trust (§2.3). Throws
 * OAuthRefusal.
 */
export function readMetadata(text: string): SentMetadata {
  const json = jsonObject(text);
  if (present(json["software_statement"])) {
    throw new OAuthRefusal("unapproved_software_statement", "software_statement is of nobody that this server trusts");
  }
  const violations: FieldViolation[] = [];
  const client = create(ClientSchema);
  for (const name of registeredMembers) {
    const value = Object.hasOwn(json, name) ? json[name] : undefined;
    if (!present(value)) continue;
    const fault = name === "jwks" ? keySetFault(value) : undefined;
    if (fault !== undefined) violations.push({ field: name, description: fault });
    else if (!mergeMember(client, name, value))
      violations.push({ field: name, description: "has a value of the wrong kind" });
  }
  const result = validator.validate(ClientSchema, client);
  if (result.kind === "error") throw result.error;
  violations.push(...ruleFaults(result, client));
  if (violations.length > 0) throw metadataRefused(violations);
  return { json, client };
}

/** Whether a member says something: null does not. */
export const present = (value: JsonValue | undefined): value is JsonValue => value !== undefined && value !== null;

function jsonObject(text: string): JsonObject {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch {
    throw new OAuthRefusal("invalid_client_metadata", "the body is not JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new OAuthRefusal("invalid_client_metadata", "the body is not a JSON object");
  }
  return parsed;
}

function mergeMember(client: Client, name: string, value: JsonValue): boolean {
  try {
    mergeFromJson(ClientSchema, client, { [name]: value }, { ignoreUnknownFields: true });
    return true;
  } catch {
    // The decoder's own words repeat the value.
    return false;
  }
}

/** Said of private keys by name: the decoder would pass over their members (RFC 7591 §2: `jwks` has public keys). */
function keySetFault(jwks: JsonValue): string | undefined {
  const keys = typeof jwks === "object" && jwks !== null && !Array.isArray(jwks) ? jwks["keys"] : undefined;
  if (!Array.isArray(keys)) return "must be an object with the member keys";
  const isPrivate = (key: JsonValue) =>
    typeof key === "object" && key !== null && Object.keys(key).some((member) => privateKeyMembers.has(member));
  return keys.some(isPrivate) ? "must hold public keys only" : undefined;
}
