import { afterAll, beforeAll, expect, test } from "vitest";
import { rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

// What somebody calls a thing is read by others, who decide by it what they delete or give.
test.each([
  ["/v1/groups", { name: "g" }, "group.display_name"],
  ["/v1/roles", { name: "r" }, "role.display_name"],
  ["/v1/admin/api-keys", { permissions: ["users.read"] }, "api_key.display_name"],
  ["/v1/initial-access-tokens", {}, "display_name"],
])("A18: what %s makes is called by one line that can be read", async (path, body, field) => {
  const make = (name: string) => rest(server, "POST", path, { ...body, display_name: name });
  for (const name of ["a\nb", "Acme\u202Egnp", "\u200B"]) {
    expect(await make(name)).toMatchObject({ status: 400, json: { error: { violations: [{ field }] } } });
  }
  const { status, json } = await make("Ação & Cia.");
  expect([status, json]).toMatchObject([200, { display_name: "Ação & Cia." }]);
  if (!("name" in body)) return; // the others cannot be changed
  const change = (changes: object) => rest(server, "PATCH", `${path}/${String(json["id"])}`, changes);
  expect(await change({ display_name: "a\nb" })).toMatchObject({ json: { error: { violations: [{ field }] } } });
  expect((await change({ display_name: "" })).status).toBe(200);
});

test("A18: a person is called by lines that can be read", async () => {
  const fieldOf = async (path: string, body: object, method = "POST") => {
    const { status, json } = await rest(server, method, path, body);
    return status === 200 ? "" : (json as { error: { violations: { field: string }[] } }).error.violations[0]?.field;
  };
  for (const name of ["Ada\nLovelace", "Ada\u202Egnp", "\u200B"]) {
    expect(await fieldOf("/v1/users", { username: "ada", name })).toBe("user.name");
    expect(await fieldOf("/v1/invitations", { email: "ada@example.com", name })).toBe("invitation.name");
    expect(await fieldOf("/v1/auth/sign-up/confirm", { token: "none", name, password: "the password of ada" })).toBe(
      "name",
    );
  }
  const { json } = await rest(server, "POST", "/v1/users", { username: "ada", name: "Ada Löwe" });
  const path = `/v1/users/${String(json["id"])}`;
  expect(await fieldOf(path, { family_name: "a\tb" }, "PATCH")).toBe("user.family_name");
  expect(await fieldOf(path, { name: "", address: { street_address: "1\n2" } }, "PATCH")).toBe("");
});

test.each(["group", "role"])("A18: what a %s is for may have lines, and no other controls", async (what) => {
  const path = `/v1/${what}s`;
  const violations = [{ field: `${what}.description` }];
  const make = (description: string) => rest(server, "POST", path, { name: "described", description });
  expect(await make("a\u001b[2Jb")).toMatchObject({ status: 400, json: { error: { violations } } });
  const { status, json } = await make("one\n\ttwo");
  expect(status).toBe(200);
  const change = await rest(server, "PATCH", `${path}/${String(json["id"])}`, { description: "a\u202Eb" });
  expect(change).toMatchObject({ status: 400, json: { error: { violations } } });
});
