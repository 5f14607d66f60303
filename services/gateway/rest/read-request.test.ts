import type { MessageShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { EventService } from "#gen/koder/admin/v1/event_service_pb.ts";
import { ClientService } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { restBindings } from "./http-rule.ts";
import { readRequest } from "./read-request.ts";

const { listUsers, updateUser } = UserService.method;
const { createClient } = ClientService.method;
const [listing] = restBindings(listUsers);
const [patch] = restBindings(updateUser);
const userId = "01J9ZK3V5T8QW2X4Y6Z7ABCDEF";

function listed(query: string) {
  if (listing === undefined) throw new Error("no route");
  return readRequest(listUsers, listing, { params: {}, query, body: undefined }) as MessageShape<
    typeof listUsers.input
  >;
}

function patched(query: string, body: unknown) {
  if (patch === undefined) throw new Error("no route");
  const message = readRequest(updateUser, patch, { params: { user_id: userId }, query, body });
  return message as MessageShape<typeof updateUser.input>;
}

test.each(["given_name,email", "givenName,email", "given_name%2Cemail"])("a mask names fields as %s", (mask) => {
  expect(patched(`update_mask=${mask}`, { name: "A" }).updateMask?.paths).toEqual(["given_name", "email"]);
  expect(patched(`updateMask=${mask}`, { name: "A" }).updateMask?.paths).toEqual(["given_name", "email"]);
});

test("without one it is what is sent", () => {
  expect(patched("", { givenName: "A", family_name: "B" }).updateMask?.paths).toEqual(["given_name", "family_name"]);
});

test("of a JSON Web Key, what there is no field for is passed over, but not what is private", () => {
  const [create] = restBindings(createClient);
  if (create === undefined) throw new Error("no route");
  const read = (key: object) =>
    (
      readRequest(createClient, create, {
        params: {},
        query: "",
        body: { jwks: { keys: [{ kty: "RSA", keyOps: ["verify"], ...key }] } },
      }) as MessageShape<typeof createClient.input>
    ).client?.jwks?.keys[0];
  const known = { $typeName: "koder.oauth.v1.ClientKey", kty: "RSA", n: "", e: "AQAB", keyOps: ["verify"] };
  expect(read({ e: "AQAB", x5c: ["MIIB"], x5t: "a", "x5t#S256": "b", iat: 1, ext: true })).toMatchObject(known);
  for (const name of ["d", "p", "k", "priv"]) {
    expect(() => read({ [name]: "AA" }), name).toThrow(`client.jwks.keys[0].${name}: is of a private key`);
  }
});

test("a parameter is sent once, in one of its spellings", () => {
  expect(listed("page_size=2").pageSize).toBe(2);
  expect(listed("pageSize=2").pageSize).toBe(2);
  for (const query of ["page_size=1&page_size=2", "pageSize=1&page_size=2", "page_size=2&pageSize=2"]) {
    expect(() => listed(query), query).toThrow("page_size: was sent more than once");
  }
});

test("a day that there is not is refused, not counted on from", () => {
  const [events] = restBindings(EventService.method.listEvents);
  if (events === undefined) throw new Error("no route");
  const read = (query: string) =>
    readRequest(EventService.method.listEvents, events, { params: {}, query, body: undefined });
  expect(() => read("from_time=2026-11-31T00:00:00Z")).toThrow("from_time: must be a day and an hour that there are");
  expect(() => read("from_time=2026-11-30T00:00:00Z")).not.toThrow();
});
