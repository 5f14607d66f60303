import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CreateApiKeyRequestSchema } from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { timeFaults } from "./time-faults.ts";

const at = (seconds: bigint, nanos = 0) =>
  timeFaults(
    CreateApiKeyRequestSchema,
    create(CreateApiKeyRequestSchema, { apiKey: { expireTime: { seconds, nanos } } }),
  );

test.each([
  [-62_135_596_801n, 0, "must be in the years 1 to 9999"],
  [253_402_300_800n, 0, "must be in the years 1 to 9999"],
  [9_000_000_000_000_000_000n, 0, "must be in the years 1 to 9999"],
  [0n, -5, "must have 0 to 999999999 nanos"],
  [0n, 2_000_000_000, "must have 0 to 999999999 nanos"],
])("A27: %d seconds and %d nanos are no point in time: %s", (seconds, nanos, description) => {
  expect(at(seconds, nanos)).toEqual([{ field: "api_key.expire_time", description }]);
});

test("what is one may stand there, and nothing may", () => {
  expect([...at(-62_135_596_800n), ...at(253_402_300_799n, 999_999_999)]).toEqual([]);
  expect(timeFaults(CreateApiKeyRequestSchema, create(CreateApiKeyRequestSchema, { apiKey: {} }))).toEqual([]);
});

test.each([
  [600n, -5, "must have seconds and nanos of one sign"],
  [-600n, 5, "must have seconds and nanos of one sign"],
  [315_576_000_001n, 0, "must be at most 10,000 years"],
  [0n, 1_000_000_000, "must have at most 999999999 nanos"],
])("A27: %d seconds and %d nanos are no duration, wherever in a list it is: %s", (seconds, nanos, description) => {
  const request = create(UpdateAuthenticationPolicyRequestSchema, {
    policy: { groupOverrides: [{}, { sessionLifetime: { seconds, nanos } }] },
  });
  expect(timeFaults(UpdateAuthenticationPolicyRequestSchema, request)).toEqual([
    { field: "policy.group_overrides[1].session_lifetime", description },
  ]);
});
