import { getOption, hasOption, ScalarType, type DescField } from "@bufbuild/protobuf";
import {
  field as fieldOption,
  oneof as oneofOption,
  type FieldRules,
  type StringRules,
} from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { max_json_length } from "../../../gen/ts/koder/options/v1/field_pb.ts";
import { fieldName, methodsOf, requestMessages, type Rule } from "./rule.ts";

/**
 * Every field that a request can hold is bounded before a handler sees it:
 * strings and bytes in length, lists and maps in length and in what they hold, enums to their values, and page sizes to
 * 0…200. Other numbers are bounded by their types, and messages by their fields.
 */
export const everyRequestFieldIsBounded: Rule = (files) =>
  requestMessages(files).flatMap((message) =>
    message.fields.flatMap((field) => {
      const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
      return fieldProblems(field, rules).map((problem) => `${fieldName(field)}: ${problem}`);
    }),
  );

function fieldProblems(field: DescField, rules: FieldRules | undefined): string[] {
  switch (field.fieldKind) {
    case "list": {
      const list = rules?.type.case === "repeated" ? rules.type.value : undefined;
      const finite = (list?.maxItems ?? 0n) > 0n || (list?.unique === true && isClosedSet(list.items));
      return [...(finite ? [] : ["the list has no max_items"]), ...valueProblems(field, list?.items)];
    }
    case "map": {
      const map = rules?.type.case === "map" ? rules.type.value : undefined;
      const finite = (map?.maxPairs ?? 0n) > 0n;
      const keys = field.mapKey === ScalarType.STRING ? stringProblems(stringRules(map?.keys), "the map's key") : [];
      return [...(finite ? [] : ["the map has no max_pairs"]), ...keys, ...valueProblems(field, map?.values)];
    }
    default:
      return valueProblems(field, rules);
  }
}

function valueProblems(field: DescField, rules: FieldRules | undefined): string[] {
  if (field.enum !== undefined) {
    const closed = rules?.type.case === "enum" && (rules.type.value.definedOnly || rules.type.value.in.length > 0);
    return closed ? [] : ["the enum is not defined_only"];
  }
  if (field.message !== undefined) {
    const isBounded = field.fieldKind === "message" && hasOption(field, max_json_length);
    return isBounded && isStruct(field) ? [] : messageProblems(field.message.typeName);
  }
  if (field.scalar === ScalarType.STRING) return stringProblems(stringRules(rules), "the string");
  if (field.scalar === ScalarType.BYTES) {
    const bounded = rules?.type.case === "bytes" && (rules.type.value.maxLen > 0n || rules.type.value.len > 0n);
    return bounded ? [] : ["the bytes have no max_len"];
  }
  return field.name === "page_size" ? pageSizeProblems(rules) : [];
}

const isStruct = ({ message }: DescField): boolean => message?.typeName === "google.protobuf.Struct";

/** Well-known types whose content has no bound have no place in a request. */
function messageProblems(typeName: string): string[] {
  const unbounded = ["Struct", "Value", "ListValue", "Any", "StringValue", "BytesValue"];
  return unbounded.some((name) => typeName === `google.protobuf.${name}`) ? [`${typeName} has no bound`] : [];
}

function pageSizeProblems(rules: FieldRules | undefined): string[] {
  const { greaterThan, lessThan } = rules?.type.case === "int32" ? rules.type.value : {};
  const bounded =
    greaterThan?.case === "gte" && greaterThan.value === 0 && lessThan?.case === "lte" && lessThan.value === 200;
  return bounded ? [] : ["a page size is an int32 of 0 to 200"];
}

function stringRules(rules: FieldRules | undefined): StringRules | undefined {
  return rules?.type.case === "string" ? rules.type.value : undefined;
}

function stringProblems(rules: StringRules | undefined, what: string): string[] {
  if (rules === undefined) return [`${what} has no bound`];
  const { maxLen, maxBytes, len, lenBytes, pattern, in: values, wellKnown } = rules;
  const bounded =
    [maxLen, maxBytes, len, lenBytes].some((limit) => limit > 0n) ||
    values.length > 0 ||
    (wellKnown.case === "uuid" && wellKnown.value) ||
    isBoundedPattern(pattern);
  return bounded ? [] : [`${what} has no bound`];
}

/** An anchored pattern without open repetition bounds the length by itself. */
function isBoundedPattern(pattern: string): boolean {
  return /^\^.*\$$/.test(pattern) && !/[*+]|\{\d+,\}/.test(pattern.replaceAll(/\\.|\[(?:\\.|[^\]])*\]/g, "x"));
}

function isClosedSet(rules: FieldRules | undefined): boolean {
  return (stringRules(rules)?.in.length ?? 0) > 0;
}

/** A request that is a choice must be one: an empty oneof would reach the handler. */
export const everyRequestChoiceIsMade: Rule = (files) =>
  methodsOf(files).flatMap(({ input }) =>
    input.oneofs
      .filter((choice) => !(hasOption(choice, oneofOption) && getOption(choice, oneofOption).required))
      .map((choice) => `${input.typeName}.${choice.name}: the oneof is not required`),
  );
