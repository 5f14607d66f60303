import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { allowDirectFlows, startFlow } from "../support/direct-flows.ts";
import { password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer } from "../support/server.ts";

const person = {
  username: "quetzalcoatl",
  email: "quetzal@feathers.example",
  name: "Quetzal Xochiquetzal",
  phone_number: "+5215512345678",
  picture: "https://pictures.example/quetzal.png",
  password,
};
const wanted = { email: "xochi@flowers.example", phone_number: "+5215598765432" };
const traces = ["quetzalcoatl", "quetzal@feathers.example", "Xochiquetzal", "+5215512345678", "quetzal.png"];

test("of an erased person nothing is left in the files of the store, however much there was", async () => {
  const server = await startServer();
  onTestFinished(() => server.stop());
  // They were invited, and came by another door.
  const invited = await rest(server, "POST", "/v1/invitations", { email: person.email, name: person.name });
  expect(invited.status).toBe(200);
  const { json } = await rest(server, "POST", "/v1/users", person);
  const id = String(json["id"]);
  // Who has a role changes their account by an application that may do so.
  const scope = "openid profile email offline_access tokens.write account.write";
  const client = await registerClient(server, { scope });
  const { accessToken } = await tokensFor(server, client, person.username, { parameters: { scope } });
  const made = async (path: string, body: object, credential = server.adminApiKey) =>
    String((await rest(server, "POST", path, body, credential)).json["id"]);
  const group = await made("/v1/groups", { name: "gods" });
  await made(`/v1/groups/${group}/members`, { user_id: id });
  await made("/v1/roles/support/assignments", { user_id: id });
  await made("/v1/users/me/tokens", { display_name: "Xochiquetzal's laptop" }, accessToken);

  // Before, everything of them is in their archive, and nothing by which anybody could act as them.
  const archived = await rest(server, "POST", "/v1/me/export", {}, accessToken);
  expect(archived.status, JSON.stringify(archived.json)).toBe(200);
  const archive = JSON.stringify(archived.json);
  for (const trace of [...traces, "Xochiquetzal's laptop", "gods", "support", client.clientId]) {
    expect(archive).toContain(trace);
  }
  expect(archive).not.toMatch(/argon2|hash|kpat_|krt_|kcs_|salt/);
  const data = archived.json["data"] as Record<string, Record<string, readonly unknown[]>>;
  const kinds = Object.entries(data).flatMap(([service, of]) => Object.keys(of).map((kind) => `${service} ${kind}`));
  expect(kinds.toSorted()).toEqual([
    "admin admin_personal_access_tokens",
    "identity identity_data_exports",
    "identity identity_group_members",
    "identity identity_groups",
    "identity identity_passwords",
    "identity identity_role_assignments",
    "session session_clients",
    "session session_grants",
    "session session_sessions",
  ]);
  const events = archived.json["events"] as readonly Record<string, unknown>[];
  const kindsOfEvents = ["user_created", "session_created", "grant_created", "group_member_added", "role_assigned"];
  for (const kind of [...kindsOfEvents, "personal_access_token_created", "user_exported"]) {
    expect(
      events.filter((event) => kind in event),
      kind,
    ).toHaveLength(1);
  }
  expect(archived.json["next_page_token"] ?? "").toBe("");
  const byAdministrator = await rest(server, "POST", `/v1/users/${id}/export`, {});
  expect((byAdministrator.json["data"] as typeof data)["identity"]?.["identity_data_exports"]).toHaveLength(2);

  // What waits for them names addresses and telephones, too, and ends with them.
  for (const [path, body] of [
    ["/v1/me/email/verify", {}],
    ["/v1/me/email/change", { email: wanted.email }],
    ["/v1/me/mfa/otp", { channel: "OTP_CHANNEL_SMS", phone_number: wanted.phone_number }],
    ["/v1/auth/recovery", { username: person.username }],
  ] as const) {
    const { status, json: answer } = await rest(server, "POST", path, body, accessToken);
    expect(status, `${path} ${JSON.stringify(answer)}`).toBe(200);
  }
  await allowDirectFlows(server, client);
  await startFlow(server, client, person.username);

  const asked = await rest(server, "DELETE", "/v1/me", undefined, accessToken);
  expect(asked.status, JSON.stringify(asked.json)).toBe(200);
  const day = Date.parse(String(asked.json["erase_time"])) - Date.now();
  expect(Math.abs(day / 3_600_000 - 24)).toBeLessThan(1);
  expect((await rest(server, "GET", "/v1/users/me", undefined, accessToken)).status).toBe(401);
  expect((await rest(server, "POST", `/v1/users/${id}/purge`, {})).status).toBe(200);

  expect((await rest(server, "GET", `/v1/users/${id}`)).status).toBe(404);
  const lists = {
    groups: `/v1/users/${id}/groups`,
    assignments: `/v1/role-assignments?user_id=${id}`,
    personal_access_tokens: `/v1/users/${id}/tokens`,
  };
  const left = async () =>
    Promise.all(Object.entries(lists).map(async ([name, path]) => (await rest(server, "GET", path)).json[name]));
  await expect.poll(left, { timeout: 20_000 }).toEqual([[], [], []]);
  const forgotten = async (kind: string) =>
    ((await rest(server, "GET", `/v1/admin/audit?type=${kind}`)).json["events"] as readonly unknown[]).length;
  await expect.poll(() => forgotten("email_change_forgotten"), { timeout: 20_000 }).toBe(1);
  await expect.poll(() => forgotten("mailbox_proof_forgotten"), { timeout: 20_000 }).toBe(4);
  // The log has what was done, by the id alone.
  const audit = await rest(server, "GET", `/v1/admin/audit?user_id=${id}&oldest_first=true&page_size=200`);
  const logged = audit.json["events"] as readonly { readonly event: object }[];
  for (const kind of ["user_created", "role_assigned", "user_erased"]) {
    expect(
      logged.filter(({ event }) => kind in event),
      kind,
    ).toHaveLength(1);
  }
  expect(JSON.stringify(logged)).not.toMatch(/quetzal/i);
  await server.end();

  const files = readdirSync(server.dataDir).map((name) => join(server.dataDir, name));
  const found = files.flatMap((file) => {
    const bytes = readFileSync(file);
    return [...traces, ...Object.values(wanted)]
      .filter((trace) => bytes.includes(trace))
      .map((trace) => `${trace} in ${file}`);
  });
  expect(files.some((file) => file.endsWith(".db"))).toBe(true);
  expect(found).toEqual([]);
});
