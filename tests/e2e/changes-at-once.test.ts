import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createPerson,
  initialAccessToken,
  registerClient,
  registration,
  rest,
  tokensFor,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// Several change different members of the same thing at the same moment. Whoever sends no etag means what is there then.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

type Members = Readonly<Record<string, unknown>>;

async function made(path: string, body: Members): Promise<string> {
  const { status, json } = await rest(server, "POST", path, body);
  expect(status, JSON.stringify(json)).toBe(200);
  return `${path}/${String(json["id"])}`;
}
const ofPolicy = (name: string) => async () => `/v1/admin/policies/${name}`;

test.each<{ readonly what: string; readonly path: () => Promise<string>; readonly members: Members }>([
  {
    what: "a user",
    path: async () => `/v1/users/${(await createPerson(server)).id}`,
    members: { given_name: "Ana", family_name: "Lima", nickname: "An", locale: "pt", zoneinfo: "America/Recife" },
  },
  {
    what: "a client",
    path: async () => `/v1/clients/${(await registerClient(server)).clientId}`,
    members: { client_name: "Mail", tos_uri: "https://mail.test/tos", policy_uri: "https://mail.test/policy" },
  },
  {
    what: "a resource server",
    path: () => made("/v1/resource-servers", { identifier: "https://api.test", display_name: "API" }),
    members: { display_name: "The API", access_token_lifetime: "120s", scopes: [{ name: "read" }] },
  },
  {
    what: "a group",
    path: () => made("/v1/groups", { name: "team" }),
    members: { name: "crew", display_name: "The crew", description: "Those aboard." },
  },
  {
    what: "a role",
    path: () => made("/v1/roles", { name: "reader" }),
    members: { name: "looker", display_name: "Looker", description: "Looks.", permissions: ["users.read"] },
  },
  {
    what: "the password policy",
    path: ofPolicy("password"),
    members: { min_length: 16, history: 3, blocked_words: ["koder"] },
  },
  {
    what: "the OAuth policy",
    path: ofPolicy("oauth"),
    members: { strict_assertion_audience: true, logout_ends_offline_grants: true },
  },
  {
    what: "the branding",
    path: async () => "/v1/admin/branding",
    members: { display_name: "Koder", primary_color: "#003366", support_uri: "https://koder.test/help" },
  },
  {
    what: "a mail template",
    path: async () => "/v1/admin/mail-templates/password_reset/es",
    members: { subject: "Otra contraseña", button: "Elegir" },
  },
])("of $what", async ({ path, members }) => {
  const at = await path();
  const changes = Object.entries(members).flatMap(([name, value]) => [{ [name]: value }, { [name]: value }]);
  const answers = await Promise.all(changes.map((change) => rest(server, "PATCH", at, change)));
  expect(answers.map(({ status, json }) => [status, json["error"]])).toEqual(changes.map(() => [200, undefined]));
  const { json } = await rest(server, "GET", at);
  expect(json).toMatchObject(members);
  const stale = changes.map((change) => rest(server, "PATCH", at, { ...change, etag: json["etag"] }));
  const statuses = (await Promise.all(stale)).map(({ status }) => status);
  expect(statuses.toSorted((one, other) => one - other)).toEqual([200, ...statuses.slice(1).map(() => 409)]);
});

test("of one's own account", async () => {
  const client = await registerClient(server);
  const { accessToken } = await tokensFor(server, client, (await createPerson(server)).username);
  const members = { given_name: "Ana", family_name: "Lima", nickname: "An", locale: "pt" };
  const changes = Object.entries(members).map(([name, value]) => ({ [name]: value }));
  const answers = await Promise.all(changes.map((change) => rest(server, "PATCH", "/v1/me", change, accessToken)));
  expect(answers.map(({ status }) => status)).toEqual(changes.map(() => 200));
  expect((await rest(server, "GET", "/v1/me", undefined, accessToken)).json).toMatchObject(members);
});

test("of a client that registered itself, which replaces all of its metadata", async () => {
  const body = { redirect_uris: ["https://app.example.com/cb"] };
  const { json } = await registration(server, "POST", { token: await initialAccessToken(server), body });
  const [clientId, token] = [String(json["client_id"]), String(json["registration_access_token"])];
  const replace = () => registration(server, "PUT", { clientId, token, body: { ...body, client_id: clientId } });
  const answers = await Promise.all([replace(), replace(), replace(), replace()]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
});
