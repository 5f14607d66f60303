import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { expect, test } from "vitest";
import { buildDescriptors } from "./build-descriptors.ts";
import { contractRules } from "./rules/contract-rules.ts";
import { methodsOf, requestMessages } from "./rules/rule.ts";

const files = await buildDescriptors();

test("the walk sees the contract", () => {
  // Fewer would mean that the walk lost its way, and every rule would pass for nothing.
  expect(methodsOf(files).length).toBeGreaterThan(30);
  expect(requestMessages(files).length).toBeGreaterThan(30);
});

test.each(Object.entries(contractRules))("%s", (_, rule) => {
  expect(rule(files)).toEqual([]);
});

test("the rules of every request compile, which a server does when it is first sent one", () => {
  const validator = createValidator();
  for (const message of requestMessages(files)) {
    const { kind, error } = validator.validate(message, create(message));
    expect(kind, `${message.typeName}: ${String(error)}`).not.toBe("error");
  }
});
