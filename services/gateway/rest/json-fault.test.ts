import { fromJson, type DescMessage, type JsonObject } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ListEventsRequestSchema } from "#gen/koder/admin/v1/event_service_pb.ts";
import { CreateUserRequestSchema, ListUsersRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { CreateInvitationRequestSchema } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { CreateClientRequestSchema } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { jsonFault } from "./json-fault.ts";

const statuses = "must be one of USER_STATUS_ACTIVE, USER_STATUS_DISABLED, USER_STATUS_DELETED";
const time = "must be a time as RFC 3339 writes it, such as 2027-01-31T08:30:00Z";

describe("the member that cannot be read is named, with what it must be", () => {
  test.each([
    [ListUsersRequestSchema, { status: "disabled" }, "status", statuses],
    [ListUsersRequestSchema, { pageSize: "many" }, "page_size", "must be a whole number within its bounds"],
    [ListEventsRequestSchema, { from_time: "yesterday" }, "from_time", time],
    [CreateUserRequestSchema, { user: { username: "ana", status: "disabled" } }, "user.status", statuses],
    [CreateUserRequestSchema, { user: { username: 5 } }, "user.username", "must be a string"],
    [CreateUserRequestSchema, { user: [] }, "user", "must be a JSON object"],
    [CreateUserRequestSchema, { user: { nope: 1 } }, "user.nope", "is no field of this request"],
    [CreateUserRequestSchema, { user: { address: { nope: 1 } } }, "user.address.nope", "is no field of this request"],
    [CreateUserRequestSchema, { user: { givenName: "a", given_name: "b" } }, "user.given_name", "was sent twice"],
    [CreateClientRequestSchema, { client: { redirect_uris: "x" } }, "client.redirect_uris", "must be a list"],
    [CreateClientRequestSchema, { client: { redirectUris: ["x", 5] } }, "client.redirect_uris[1]", "must be a string"],
    [
      CreateClientRequestSchema,
      { client: { refresh_token_overlap: "soon" } },
      "client.refresh_token_overlap",
      "must be a length of time in seconds, such as 900s",
    ],
    [CreateInvitationRequestSchema, { invitation: { role_ids: [{}] } }, "invitation.role_ids[0]", "must be a string"],
  ] as [DescMessage, JsonObject, string, string][])("%s %j: %s", (schema, json, field, description) => {
    expect(() => fromJson(schema, json)).toThrow("cannot decode");
    expect(jsonFault(schema, json)).toEqual({ field, description });
  });

  test("JSON that is nested too deeply is no value of free JSON", () => {
    let deep: JsonObject = {};
    for (let depth = 0; depth < 200; depth++) deep = { deep };
    expect(jsonFault(CreateUserRequestSchema, { user: { attributes: deep } })).toEqual({
      field: "user.attributes",
      description: "must be a JSON object that is not nested too deeply",
    });
  });
});
