import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { UpdateUserAttributesRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { jsonFaults } from "./json-bounds.ts";

/** What is wrong with attributes that came in binary, as a typed client sends them. */
const faultsOf = (attributes: object) => {
  const sent = create(UpdateUserAttributesRequestSchema, { userId: "me", attributes: { ...attributes } });
  const read = fromBinary(
    UpdateUserAttributesRequestSchema,
    toBinary(UpdateUserAttributesRequestSchema, sent, { writeUnknownFields: false }),
  );
  return jsonFaults(UpdateUserAttributesRequestSchema, read);
};

test("A27: numbers that JSON does not have are refused where they stand", () => {
  expect(faultsOf({ floor: 3, list: [1, { deep: -0.5 }], none: null })).toEqual([]);
  expect(faultsOf({ floor: Number.NaN, list: [1, { deep: Number.POSITIVE_INFINITY }] })).toEqual([
    { field: "attributes.floor", description: "must be a finite number" },
    { field: "attributes.list[1].deep", description: "must be a finite number" },
  ]);
});

test("A27: what is longer than its field may be is refused", () => {
  expect(faultsOf({ text: "x".repeat(16_384) })).toEqual([
    { field: "attributes", description: "must be at most 16384 characters of JSON" },
  ]);
});
