import { getOption, hasOption, type DescField, type DescOneof, type JsonObject } from "@bufbuild/protobuf";
import {
  field as fieldOption,
  oneof as oneofOption,
  Ignore,
  type FieldRules,
  type RepeatedRules,
  type StringRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { addressForm } from "../../services/host/email-address.ts";

/** The validation rules of a field, where it has some. */
export function fieldRules(field: DescField): FieldRules | undefined {
  return hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
}

/** Whether a request without the field breaks its rules, so that the member must be sent; one of a choice need not be. */
export function valueIsRequired(field: DescField): boolean {
  if (field.oneof !== undefined) return false;
  const rules = fieldRules(field);
  if (rules === undefined || rules.ignore === Ignore.IF_ZERO_VALUE) return false;
  if (rules.required) return true;
  if (rules.type.case === "string") {
    const { minLen, len, pattern } = rules.type.value;
    return minLen > 0n || len > 0n || (pattern !== "" && !new RegExp(pattern).test(""));
  }
  return rules.type.case === "repeated" && rules.type.value.minItems > 0n;
}

/** Whether a message without any member of a choice breaks its rules. */
export function choiceIsRequired(choice: DescOneof): boolean {
  return hasOption(choice, oneofOption) && getOption(choice, oneofOption).required;
}

/** The rules as keywords of JSON Schema 2020-12; what it has no keyword for is left to the description. */
export function schemaRules(rules: FieldRules | undefined): JsonObject {
  switch (rules?.type.case) {
    case "string":
      return stringRules(rules.type.value, rules.ignore === Ignore.IF_ZERO_VALUE);
    case "int32": {
      const { greaterThan, lessThan } = rules.type.value;
      return {
        ...(greaterThan.case === "gte" && { minimum: greaterThan.value }),
        ...(greaterThan.case === "gt" && { exclusiveMinimum: greaterThan.value }),
        ...(lessThan.case === "lte" && { maximum: lessThan.value }),
        ...(lessThan.case === "lt" && { exclusiveMaximum: lessThan.value }),
      };
    }
    case "repeated":
      return listRules(rules.type.value);
    case "map":
      return rules.type.value.maxPairs > 0n ? { maxProperties: Number(rules.type.value.maxPairs) } : {};
    default:
      return {};
  }
}

/** Where empty stands for unset, answers have it, too. */
function stringRules(rules: StringRules, mayBeEmpty: boolean): JsonObject {
  const exact = rules.len > 0n ? rules.len : undefined;
  const minimum = exact ?? rules.minLen;
  const maximum = exact ?? rules.maxLen;
  const { wellKnown } = rules;
  const isWellKnown = wellKnown.value === true;
  return {
    ...(minimum > 0n && !mayBeEmpty && { minLength: Number(minimum) }),
    ...(maximum > 0n && { maxLength: Number(maximum) }),
    ...(rules.pattern !== "" && { pattern: mayBeEmpty ? `^$|${rules.pattern}` : rules.pattern }),
    ...(rules.in.length > 0 && { enum: mayBeEmpty ? [...rules.in, ""] : rules.in }),
    ...(isWellKnown &&
      wellKnown.case === "email" &&
      (mayBeEmpty ? { pattern: `^$|${addressForm}` } : { format: "idn-email" })),
    ...(isWellKnown && wellKnown.case === "uuid" && { format: "uuid" }),
    ...(isWellKnown && wellKnown.case === "uri" && { format: "uri" }),
  };
}

function listRules(rules: RepeatedRules): JsonObject {
  const items = schemaRules(rules.items);
  return {
    ...(rules.minItems > 0n && { minItems: Number(rules.minItems) }),
    ...(rules.maxItems > 0n && { maxItems: Number(rules.maxItems) }),
    ...(rules.unique && { uniqueItems: true }),
    // The items of a list with rules of their own are scalars: the contract has no rules for messages in lists.
    ...(Object.keys(items).length > 0 && { items: { type: "string", ...items } }),
  };
}
