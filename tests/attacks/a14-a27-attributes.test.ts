import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPerson, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const schemaPath = "/v1/admin/attribute-schema";
const setSchema = (body: object) => rest(server, "PATCH", schemaPath, body);
const reasonOf = ({ json }: { readonly json: Record<string, unknown> }) =>
  (json["error"] as { readonly reason?: string } | undefined)?.reason;

test("A14: people set what is theirs to set and nothing else, and nobody else's", async () => {
  await setSchema({
    schema: { properties: { department: { type: "string" }, shirt: { enum: ["S", "M"] } } },
    self_writable: ["shirt"],
  });
  const [person, other] = [await createPerson(server), await createPerson(server)];
  await rest(server, "PATCH", `/v1/users/${person.id}`, { attributes: { department: "Law" } });
  const claim_mappers = [
    { claim: "dept", custom_attribute: "department", in_id_token: true, in_access_token: true },
    { claim: "size", custom_attribute: "shirt", in_access_token: true },
  ];
  const client = await registerClient(server, { claim_mappers });
  const { accessToken } = await tokensFor(server, client, person.username);
  const set = (path: string, attributes: object) => rest(server, "PATCH", path, { attributes }, accessToken);
  for (const path of ["/v1/me/attributes", `/v1/users/${person.id}/attributes`]) {
    const refused = await set(path, { shirt: "M", department: "Board" });
    expect([refused.status, reasonOf(refused)]).toEqual([403, "ATTRIBUTE_NOT_WRITABLE"]);
  }
  expect((await set(`/v1/users/${other.id}/attributes`, { shirt: "M" })).status).toBe(403);
  expect((await rest(server, "PATCH", `/v1/users/${person.id}`, { attributes: {} }, accessToken)).status).toBe(403);
  expect((await setSchema({ self_writable: [] })).status).toBe(200);
  expect(reasonOf(await set("/v1/me/attributes", { shirt: "M" }))).toBe("ATTRIBUTE_NOT_WRITABLE");
  await setSchema({ self_writable: ["shirt"] });
  const done = await set("/v1/me/attributes", { shirt: "M" });
  expect([done.status, done.json["attributes"]]).toEqual([200, { department: "Law", shirt: "M" }]);

  // What is mapped is in the tokens of the next sign-in, and in nobody else's.
  const again = await tokensFor(server, client, person.username);
  expect(decodeJwt(again.accessToken)).toMatchObject({ dept: "Law", size: "M" });
  const others = decodeJwt((await tokensFor(server, client, other.username)).accessToken);
  expect([others["dept"], others["size"]]).toEqual([undefined, undefined]);
});

test("A27: a schema that fetches, runs or hangs is refused, and one that is large is not read", async () => {
  const within = (plan: unknown) => setSchema({ schema: { properties: { plan } }, self_writable: [] });
  for (const plan of [
    { $ref: "http://169.254.169.254/latest" },
    { $ref: "#/properties/plan" },
    { pattern: "a{1000}" },
    { pattern: "(?=a)" },
    { patternProperties: { "(a+)+$": true } },
    { allOf: Array.from({ length: 2_500 }, () => true) },
    { properties: { "'];process.exit(1);//": true } },
    { type: "string');process.exit(1);('" },
    "process.exit(1)",
  ]) {
    const refused = await within(plan);
    expect([refused.status, reasonOf(refused)], JSON.stringify(plan).slice(0, 60)).toEqual([
      400,
      "ATTRIBUTE_SCHEMA_INVALID",
    ]);
  }
  expect(reasonOf(await within({ description: "x".repeat(66_000) }))).toBe("INVALID_REQUEST");

  expect((await within({ type: "string", pattern: "^(a|aa)+$" })).status).toBe(200);
  const { id } = await createPerson(server);
  const begun = performance.now();
  const answer = await rest(server, "PATCH", `/v1/users/${id}/attributes`, {
    attributes: { plan: `${"a".repeat(900)}!` },
  });
  expect([answer.status, reasonOf(answer)]).toEqual([400, "ATTRIBUTES_INVALID"]);
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(server.logs().join("\n")).not.toContain("INTERNAL");
});
