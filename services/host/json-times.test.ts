import { fromJson, type DescMessage, type JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CreateApiKeyRequestSchema } from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { ListEventsRequestSchema } from "#gen/koder/admin/v1/event_service_pb.ts";
import { impossibleTime } from "./json-times.ts";

test.each<[DescMessage, JsonObject, string | undefined]>([
  [ListEventsRequestSchema, { from_time: "2026-11-31T00:00:00Z" }, "from_time"],
  [ListEventsRequestSchema, { fromTime: "2026-11-30T24:00:00Z" }, "from_time"],
  [ListEventsRequestSchema, { fromTime: "2026-11-30T23:59:59.5+01:00" }, undefined],
  [ListEventsRequestSchema, { fromTime: null }, undefined],
  [CreateApiKeyRequestSchema, { api_key: { expire_time: "2027-02-30T12:00:00Z" } }, "api_key.expire_time"],
  [CreateApiKeyRequestSchema, { apiKey: { expireTime: "2027-02-29T12:00:00-03:00" } }, "api_key.expire_time"],
  [CreateApiKeyRequestSchema, { apiKey: { expireTime: "2028-02-29T12:00:00Z" } }, undefined],
  [CreateApiKeyRequestSchema, { apiKey: { expireTime: "0001-01-01T00:00:00Z" } }, undefined],
  [CreateApiKeyRequestSchema, {}, undefined],
])("%s %j: %s", (schema, json, path) => {
  expect(() => fromJson(schema, json)).not.toThrow();
  expect(impossibleTime(schema, json)).toBe(path);
});
