import { getOption, hasOption, ScalarType, type DescField } from "@bufbuild/protobuf";
import { sensitive, write_only } from "#gen/koder/options/v1/field_pb.ts";
import { fieldName, isStored, messagesOf, type Rule } from "./rule.ts";

/** Words that make a text or bytes field a secret by its name. */
const secretWords = new Set([
  "assertion",
  "code",
  "codes",
  "cookie",
  "credential",
  "key",
  "otp",
  "password",
  "passwords",
  "pin",
  "secret",
  "secrets",
  "token",
  "tokens",
  "verifier",
]);

/** Names of ids that are secrets: whoever has one may go on where it leads. */
const secretIds = new Set(["flow_id", "authorization_id", "login_handle"]);

/** Names that sound like a secret and are none, and why. */
const noSecrets: ReadonlyMap<string, string> = new Map([
  ["page_token", "names a place in a listing that the caller may read anyway, and is authenticated"],
  ["next_page_token", "as page_token"],
  ["resume_token", "as page_token"],
  ["code_challenge", "a hash of the verifier that travels in the open (RFC 7636 §7.1)"],
  ["code_challenge_method", "the name of a method"],
  ["code_challenge_methods_supported", "names of methods, published"],
  ["id_token_signing_alg_values_supported", "names of algorithms, published"],
  ["token_type", "the name of a type"],
  ["token_endpoint", "a published URL"],
  ["token_endpoint_auth_method", "the name of a method"],
  ["token_endpoint_auth_methods_supported", "names of methods, published"],
  ["token_endpoint_auth_signing_alg", "the name of an algorithm"],
  ["id_token_signed_response_alg", "the name of an algorithm"],
  ["secret_id", "the id of a secret, which opens nothing"],
  ["initial_access_token_id", "the id of a token, which opens nothing"],
  ["personal_access_token_id", "the id of a token, which opens nothing"],
  ["key_ops", "what a public key may do"],
  ["postal_code", "a part of an address"],
  ["token_endpoint_auth_signing_alg_values_supported", "names of algorithms, published"],
  ["client_assertion_type", "the name of a type"],
  ["api_key_id", "the id of a key, which opens nothing"],
]);

function isSecretByName(field: DescField): boolean {
  if (field.scalar !== ScalarType.STRING && field.scalar !== ScalarType.BYTES) return false;
  if (noSecrets.has(field.name)) return false;
  return secretIds.has(field.name) || field.name.split("_").some((word) => secretWords.has(word));
}

function isSensitive(field: DescField): boolean {
  return hasOption(field, sensitive) && getOption(field, sensitive);
}

function isWriteOnly(field: DescField): boolean {
  return hasOption(field, write_only) && getOption(field, write_only);
}

/**
 * Every secret on the wire is `sensitive`; passwords and client secrets are `write_only`, too; and what is `write_only`
 * is always `sensitive`. What services store is never logged as a message, so its fields carry no options.
 */
export const secretsAreMarked: Rule = (files) =>
  messagesOf(files.filter((file) => !isStored(file))).flatMap((message) =>
    message.fields.flatMap((field) => {
      const problems: string[] = [];
      if (isSecretByName(field) && !isSensitive(field)) problems.push("is a secret by its name but not sensitive");
      if (isSecretByName(field) && /(password|secret)$/.test(field.name) && !isWriteOnly(field))
        problems.push("is a password or secret but not write_only");
      if (isWriteOnly(field) && !isSensitive(field)) problems.push("is write_only but not sensitive");
      return problems.map((problem) => `${fieldName(field)}: ${problem}`);
    }),
  );

/** Events carry no secrets at all: they go to logs, webhooks and streams. */
export const eventsCarryNoSecrets: Rule = (files) =>
  messagesOf(files.filter((file) => file.name.startsWith("koder/events/"))).flatMap((message) =>
    message.fields
      .filter((field) => isSecretByName(field) || isSensitive(field) || isWriteOnly(field))
      .map((field) => `${fieldName(field)}: an event carries a secret`),
  );
