import { afterAll, beforeAll, expect, test } from "vitest";
import { createPerson, rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let userId: string;
beforeAll(async () => {
  server = await startServer();
  userId = (await createPerson(server)).id;
});
afterAll(() => server?.stop());

const statuses = "must be one of USER_STATUS_ACTIVE, USER_STATUS_DISABLED, USER_STATUS_DELETED";
const time = "must be a time as RFC 3339 writes it, such as 2027-01-31T08:30:00Z";
const id = "must be an id of 26 characters, as in 01J9ZK3V5T8QW2X4Y6Z7ABCDEF";

test.each([
  ["GET", "/v1/users?status=disabled", undefined, "status", statuses],
  ["GET", "/v1/users?page_size=many", undefined, "page_size", "must be a whole number within its bounds"],
  ["GET", "/v1/admin/audit?from_time=yesterday", undefined, "from_time", time],
  ["PATCH", "/v1/users/{id}", { status: "disabled" }, "user.status", statuses],
  ["PATCH", "/v1/users/{id}", { address: { nope: "x" } }, "user.address.nope", "is no field of this request"],
  [
    "POST",
    "/v1/admin/api-keys",
    { permissions: ["users.read"], expire_time: "2027-01-01" },
    "api_key.expire_time",
    time,
  ],
  ["GET", "/v1/users/ana", undefined, "user_id", `${id}, or "me"`],
  ["PATCH", "/v1/users/ana", { name: "Ana" }, "user_id", id],
] as const)("%s %s %j is refused by the name of its field", async (method, path, body, field, description) => {
  const { status, json } = await rest(server, method, path.replace("{id}", userId), body);
  expect([status, json["error"]]).toMatchObject([
    400,
    { reason: "INVALID_REQUEST", message: `${field}: ${description}`, violations: [{ field, description }] },
  ]);
});

test.each([
  ["2026-02-30T00:00:00Z", "INVALID_REQUEST"],
  ["2026-03-01T24:00:00Z", "INVALID_REQUEST"],
  ["2028-02-29T00:00:00Z", undefined],
])("a day that there is not is refused by REST and by Connect's JSON: %s", async (fromTime, reason) => {
  const path = "/koder.admin.v1.EventService/ListEvents";
  const headers = { authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" };
  const message = JSON.stringify({ fromTime, resourceType: "none" });
  const query = new URLSearchParams({ connect: "v1", encoding: "json", message });
  const calls = [
    fetch(`${server.url}${path}`, { method: "POST", headers, body: message }),
    fetch(`${server.url}${path}?${query}`, { headers }),
  ];
  for (const answer of await Promise.all(calls)) {
    const { code, details } = (await answer.json()) as { code?: string; details?: { debug: { reason?: string } }[] };
    expect([code, details?.[0]?.debug.reason]).toEqual([reason && "invalid_argument", reason]);
  }
  const { json } = await rest(server, "GET", `/v1/admin/audit?from_time=${fromTime}&resource_type=none`);
  expect((json["error"] as { reason: string } | undefined)?.reason).toBe(reason);
});
