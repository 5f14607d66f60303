import { generateKeyPairSync } from "node:crypto";
import { connect } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
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

/** The message of gRPC with which a call by this content type ends; undefined where it is none. */
async function grpcMessage(path: string, contentType: string, body: Buffer, encoding: string) {
  const session = connect(server.url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": contentType,
      "grpc-encoding": encoding,
      te: "trailers",
      authorization: `Bearer ${server.adminApiKey}`,
    });
    const ended: { message?: string | undefined } = {};
    for (const name of ["response", "trailers"] as const) {
      stream.on(name, (headers) => void (ended.message ??= headers["grpc-message"]?.toString()));
    }
    stream.end(body);
    const answered = String(await buffer(stream));
    // Of gRPC-web the trailers are the end of the body.
    const said = ended.message ?? /grpc-message: (.*)\r/.exec(answered)?.[1];
    return said === undefined ? undefined : decodeURIComponent(said);
  } finally {
    session.close();
  }
}

/** Sends JSON in every form that an RPC takes it in, plain and compressed; answers the field by which each was refused. */
async function refusedAsJson(path: string, message: object): Promise<Record<string, string | undefined>> {
  const plain = Buffer.from(JSON.stringify(message));
  const bodies = [
    ["identity", 0, plain],
    ["gzip", 1, gzipSync(plain)],
  ] as const;
  const refused: Record<string, string | undefined> = {};
  for (const [encoding, flag, bytes] of bodies) {
    const headers = { authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" };
    const answer = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { ...headers, ...(flag === 0 ? {} : { "content-encoding": encoding }) },
      body: new Uint8Array(bytes),
    });
    const { message: said } = (await answer.json()) as { message?: string };
    refused[`Connect ${encoding}`] = said?.split(":", 1)[0];
    const prefix = Buffer.alloc(5);
    prefix.writeUInt8(flag);
    prefix.writeUInt32BE(bytes.length, 1);
    for (const type of ["application/grpc+json", "application/grpc-web+json"]) {
      const ended = await grpcMessage(path, type, Buffer.concat([prefix, bytes]), encoding);
      refused[`${type} ${encoding}`] = ended?.split(":", 1)[0];
    }
  }
  return refused;
}

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

test("a day that there is not, and a private key, are refused in every form of JSON that RPCs take", async () => {
  const events = "/koder.admin.v1.EventService/ListEvents";
  const none = await refusedAsJson(events, { fromTime: "2026-03-02T00:00:00Z", resourceType: "none" });
  expect(Object.values(none).filter((field) => field !== undefined)).toEqual([]);
  const forms = Object.keys(none);
  const everywhere = (field: string) => Object.fromEntries(forms.map((form) => [form, field]));
  expect(await refusedAsJson(events, { fromTime: "2026-02-30T00:00:00Z" })).toEqual(everywhere("from_time"));

  const { d = "", ...publicKey } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  const client = (key: object) => ({
    client: { grantTypes: ["client_credentials"], tokenEndpointAuthMethod: "private_key_jwt", jwks: { keys: [key] } },
  });
  const create = "/koder.oauth.v1.ClientService/CreateClient";
  expect(await refusedAsJson(create, client({ ...publicKey, d }))).toEqual(everywhere("client.jwks.keys[0].d"));
  const taken = await refusedAsJson(create, client({ ...publicKey, x5c: ["MIIB"], alg: "EdDSA" }));
  expect(Object.values(taken).filter((field) => field !== undefined)).toEqual([]);
});
