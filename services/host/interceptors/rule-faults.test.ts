import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { expect, test } from "vitest";
import { AndroidAppSchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { SetUserPasswordRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { ClientKeySetSchema } from "#gen/koder/oauth/v1/client_key_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { ruleFaults } from "./rule-faults.ts";

const validator = createValidator();

/** What is said of one field of a message. */
function saidOf<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>, field: string) {
  const message = create(schema, init);
  return ruleFaults(validator.validate(schema, message), message).find((fault) => fault.field === field)?.description;
}

test("numbers of things are said as people say them", () => {
  expect(saidOf(SetUserPasswordRequestSchema, {}, "password")).toBe("must not be empty");
  expect(saidOf(ClientKeySetSchema, {}, "keys")).toBe("must not be empty");
  expect(saidOf(ClientKeySetSchema, { keys: Array.from({ length: 21 }, () => ({ kty: "RSA" })) }, "keys")).toBe(
    "must have at most 20 items",
  );
  const app = { sha256CertFingerprints: ["a", "a"] };
  expect(saidOf(AndroidAppSchema, app, "sha256_cert_fingerprints")).toBe("must not have an item twice");
  expect(saidOf(ClientSchema, { clientName: "a".repeat(201) }, "client_name")).toBe("must be at most 200 characters");
});
