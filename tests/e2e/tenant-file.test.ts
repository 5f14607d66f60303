import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeChanges } from "../../clients/cli/tenant-file/make-changes.ts";
import { planChanges } from "../../clients/cli/tenant-file/plan.ts";
import { lists, singles } from "../../clients/cli/tenant-file/sections.ts";
import { readTenantFile } from "../../clients/cli/tenant-file/tenant-file.ts";
import { tenantServices } from "../../clients/cli/tenant-file/tenant-services.ts";
import { readTenantState } from "../../clients/cli/tenant-file/tenant-state.ts";
import { staticToken } from "../../clients/core/token-source.ts";
import { createTransport } from "../../clients/typescript/transport.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { logoPng } from "../support/logo-host.ts";
import { rest, tokenRequest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";
import { typed } from "../support/typed-command.ts";

const example = join(import.meta.dirname, "../../examples/tenant.yaml");
const secret = `kcs_${"Zz9_-".repeat(8)}abc`;
const mailPassword = "swordfish of the shop";
let server: RunningServer;
let folder: string;
beforeAll(async () => {
  resolveLocalNames();
  folder = mkdtempSync(join(tmpdir(), "koder-id-tenant-file-"));
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A command on a tenant, by the instance's key or another one. */
async function tenant(words: readonly string[], { slug, key }: { slug?: string; key?: string } = {}) {
  const named = slug === undefined ? [] : ["--tenant", slug];
  const env = {
    KODER_ID_API_KEY: key ?? server.adminApiKey,
    SHOP_JOB_SECRET: secret,
    SHOP_MAIL_PASSWORD: mailPassword,
  };
  return typed(["tenant", ...words, ...named, "--url", server.url], env);
}
async function out(words: readonly string[], where: { slug?: string; key?: string } = {}): Promise<string> {
  const { code, out: said, err } = await tenant(words, where);
  expect(code, err).toBe(0);
  return said;
}
function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Every field of every message that a file can have, so that one that comes back otherwise than it was said is seen. */
const everything = {
  version: 1,
  tenant: { display_name: "Everything", default_domain: "everything.example" },
  oauth_policy: {
    require_pkce_of_confidential_clients: false,
    require_pushed_authorization_requests: true,
    default_audience: "https://api.example",
    strict_assertion_audience: true,
    logout_ends_offline_grants: true,
    registration: {
      open: true,
      allowed_scopes: ["openid"],
      allowed_grant_types: ["refresh_token", "authorization_code"],
      require_pkce: false,
      max_redirect_uris: 3,
    },
  },
  authentication_policy: {
    mfa: "MFA_REQUIREMENT_REQUIRED",
    session_lifetime: "7200s",
    verified_email_required: true,
    terms_version: "2026-11",
    client_overrides: [{ client_id: "full", mfa: "MFA_REQUIREMENT_NEVER", direct_flows: true }],
  },
  attribute_schema: {
    schema: {
      properties: { plan: { type: "string", enum: ["z", "a"] }, size: { type: "integer" } },
      required: ["plan"],
    },
    self_writable: ["size"],
  },
  branding: {
    display_name: "Brand of everything",
    logo: { data: logoPng.toString("base64") },
    logo_dark: { data: logoPng.toString("base64") },
    favicon: { data: logoPng.toString("base64") },
    primary_color: "#7a1fa2",
    primary_color_dark: "#c77dff",
    corner_radius: 0,
    texts: [
      { language: "pt-BR", sign_in_heading: "Olá", sign_in_note: "Bem-vindo" },
      { language: "en-US", sign_in_note: "Welcome" },
    ],
    terms_uri: "https://everything.example/terms",
    privacy_uri: "https://everything.example/privacy",
    support_uri: "https://everything.example/help",
  },
  clients: [
    {
      client_id: "full",
      client_name: "Full",
      client_uri: "https://full.example/",
      policy_uri: "https://full.example/privacy",
      tos_uri: "https://full.example/terms",
      logo_uri: "https://full.example/logo.png",
      contacts: ["z@full.example", "a@full.example"],
      software_id: "full",
      software_version: "1.0",
      redirect_uris: ["https://full.example/z", "https://full.example/a"],
      post_logout_redirect_uris: ["https://full.example/bye"],
      grant_types: ["refresh_token", "authorization_code"],
      response_types: ["code"],
      scope: "profile openid",
      application_type: "web",
      initiate_login_uri: "https://full.example/login",
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "EdDSA",
      jwks: { keys: [{ kty: "OKP", crv: "Ed25519", kid: "1", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }] },
      id_token_signed_response_alg: "ES256",
      userinfo_signed_response_alg: "PS256",
      subject_type: "pairwise",
      default_max_age: 0,
      require_auth_time: true,
      default_acr_values: ["urn:koder:acr:mfa"],
      backchannel_logout_uri: "https://full.example/logout",
      backchannel_logout_session_required: true,
      require_pushed_authorization_requests: true,
      dpop_bound_access_tokens: true,
      first_party: false,
      require_pkce: true,
      refresh_token_overlap: "5s",
      refresh_token_idle_lifetime: "3600s",
      refresh_token_absolute_lifetime: "7200s",
      refresh_without_offline_access: true,
      logout_ends_offline_grants: true,
      strict_assertion_audience: true,
      disabled: true,
      claim_mappers: [
        { claim: "p", custom_attribute: "plan", in_id_token: true },
        { claim: "z", user_attribute: "groups", in_userinfo: true, scope: "profile" },
        { claim: "a", constant_json: '{"b":[1,2]}', in_id_token: true, in_access_token: true },
      ],
      roles: ["full/b", "support"],
    },
  ],
  resource_servers: [
    {
      identifier: "https://api.example",
      display_name: "API",
      scopes: [{ name: "z", description: "Zed" }, { name: "a" }],
      allowed_client_ids: ["full"],
      introspection_client_ids: ["full"],
      access_token_lifetime: "120s",
      signing_alg: "EdDSA",
      claim_mappers: [{ claim: "plan", constant_json: '"gold"', in_access_token: true }],
    },
  ],
  username_policy: { max_length: 40, extra_characters: "_", leading_digit_allowed: true },
  mail_settings: { sender_name: "Full", reply_to: "help@full.example" },
  mail_templates: [
    { kind: "email_otp", language: "es", subject: "Tu código", body: "{code}\n\nEs de {tenant}." },
    {
      kind: "password_reset",
      language: "en-US",
      subject: "Your password at {tenant}",
      body: "Choose here:\n\n{link}\n\nFor {minutes} minutes.",
      button: "Choose",
    },
  ],
  roles: [
    { name: "a", client_id: "full", included_roles: ["full/b", "c"] },
    { name: "b", client_id: "full", display_name: "B", description: "Bee", permissions: ["z.y", "a.b"] },
    { name: "c", permissions: ["users.read"] },
  ],
  groups: [
    { name: "Inner", member_of: ["Outer", "other"], roles: ["c", "full/a"] },
    { name: "Outer", display_name: "Out", description: "Outside" },
    { name: "other" },
  ],
};

test("the example makes a tenant; a second time nothing changes; what is exported makes an equal one", async () => {
  const [one, two] = [await createTenant(server), await createTenant(server)];
  const first = await out(["apply", example], { slug: one.slug });
  expect(first).toContain("+ client shop-job\n");
  expect(first).toContain("+ group warehouse\n");
  expect(await out(["apply", example], { slug: one.slug })).toBe("Nothing is to be changed.\n");
  const exported = await out(["export"], { slug: one.slug });
  expect(exported).not.toContain(secret);
  expect(exported).not.toContain("kcs_");
  const file = written("exported.yaml", exported.replace(/^tenant:\n( .*\n)+/m, ""));
  await out(["apply", file], { slug: two.slug });
  const again = (await out(["export"], { slug: two.slug })).replaceAll(two.slug, one.slug);
  expect(again).toBe(exported);
  expect(await out(["apply", file], { slug: two.slug })).toBe("Nothing is to be changed.\n");

  // The secret of the environment is the client's.
  const job = { clientId: "shop-job", clientSecret: secret, redirectUri: "" };
  const where = { url: `http://${one.host}`, adminApiKey: server.adminApiKey };
  const { status, json } = await tokenRequest(where, job, { grant_type: "client_credentials" });
  expect(status, JSON.stringify(json)).toBe(200);
});

test("every field comes back as it was said, and is changed by itself", async () => {
  const [one, two] = [await createTenant(server), await createTenant(server)];
  const file = written("everything.json", JSON.stringify(everything));
  await out(["apply", file], { slug: one.slug });
  expect(await out(["apply", file], { slug: one.slug })).toBe("Nothing is to be changed.\n");
  const exported = await out(["export", "--json"], { slug: one.slug });
  const copy = written("copy.json", exported);
  expect(await out(["apply", copy], { slug: one.slug })).toBe("Nothing is to be changed.\n");
  await out(["apply", copy], { slug: two.slug });
  expect(await out(["export", "--json"], { slug: two.slug })).toBe(exported);

  const change = written(
    "change.yaml",
    `version: 1
tenant: { display_name: Something }
oauth_policy: { registration: { open: false } }
clients:
  - { client_id: full, client_name: null, disabled: false, roles: [c] }
roles:
  - { name: a, client_id: full, included_roles: [c] }
  - { name: b, client_id: full, included_roles: [full/a] }
groups:
  - { name: outer, member_of: [Inner], roles: [] }
  - { name: inner, member_of: [] }
`,
  );
  const expected = [
    "~ client full: client_name, disabled, roles +c -full/b -support",
    "~ role full/a: included_roles -full/b",
    "~ role full/b: included_roles +full/a",
    "~ group inner: name, member_of -other -outer",
    "~ group outer: name, member_of +inner",
    "~ tenant: display_name",
    "~ oauth_policy: registration",
  ].toSorted();
  const lines = (text: string) => text.trimEnd().split("\n").toSorted();
  const planned = await out(["apply", change, "--dry-run"], { slug: one.slug });
  expect(lines(planned).map((line) => line.replace("-outer -other", "-other -outer"))).toEqual(expected);
  expect(await out(["export", "--json"], { slug: one.slug })).toBe(exported);
  expect(lines(await out(["apply", change], { slug: one.slug }))).toEqual(lines(planned));
  expect(await out(["apply", change], { slug: one.slug })).toBe("Nothing is to be changed.\n");
  const after = JSON.parse(await out(["export", "--json"], { slug: one.slug })) as typeof everything;
  expect(after.oauth_policy.registration).toMatchObject({ allowed_scopes: ["openid"], max_redirect_uris: 3 });
  expect(after.groups.find(({ name }) => name === "outer")).toMatchObject({
    display_name: "Out",
    member_of: ["inner"],
  });
});

test("what null takes back to what is usual is taken back once", async () => {
  const { slug } = await createTenant(server);
  const clients = [
    { client_id: "web", redirect_uris: ["https://web.example/cb"] },
    { client_id: "job", redirect_uris: [], grant_types: ["client_credentials"] },
  ];
  const resource_servers = [{ identifier: "https://api.example" }];
  const oneOf = (sections: object) =>
    written("usual.yaml", JSON.stringify({ version: 1, clients, resource_servers, ...sections }));
  // As the server answers what is not set, so that the file need not say it.
  await out(["apply", oneOf({})], { slug });
  const nulls = (schema: DescMessage, apart: readonly string[]) =>
    Object.fromEntries(schema.fields.flatMap(({ name }) => (apart.includes(name) ? [] : [[name, null]])));
  const policies = ["oauth_policy", "authentication_policy", "password_policy", "username_policy"] as const;
  const nothing = {
    ...Object.fromEntries(policies.map((key) => [key, nulls(singles[key].schema, singles[key].apart)])),
    clients: clients.map((client) => ({ ...nulls(ClientSchema, lists.clients.apart), ...client })),
    resource_servers: resource_servers.map((one) => ({
      ...nulls(ResourceServerSchema, lists.resource_servers.apart),
      ...one,
    })),
  };
  expect(await out(["apply", oneOf(nothing)], { slug })).toBe("Nothing is to be changed.\n");
  // So is what is said to be empty, where that is the same.
  const empty = {
    oauth_policy: { registration: { allowed_scopes: [], allowed_grant_types: [], max_redirect_uris: 0 } },
    authentication_policy: { first_factors: [], second_factors: [], attempts_before_wait: 0 },
    password_policy: { min_length: 0 },
    username_policy: { max_length: 0 },
    attribute_schema: { schema: {} },
    clients: clients.map((client) => ({ ...client, response_types: [], scope: "", subject_type: "" })),
    resource_servers: [{ ...resource_servers[0], signing_alg: "" }],
  };
  expect(await out(["apply", oneOf(empty)], { slug })).toBe("Nothing is to be changed.\n");
  // What was something else is taken back, and then nothing is to be changed.
  const something = {
    oauth_policy: { require_pkce_of_confidential_clients: false, registration: { max_redirect_uris: 3 } },
    authentication_policy: { mfa: "MFA_REQUIREMENT_REQUIRED", session_lifetime: "7200s", max_attempts: 50 },
    password_policy: { min_length: 20, hash_iterations: 3 },
    username_policy: { max_length: 30 },
    clients: [{ ...clients[0], scope: "openid", first_party: false, refresh_token_overlap: "5s" }],
    resource_servers: [{ ...resource_servers[0], access_token_lifetime: "60s" }],
  };
  expect(await out(["apply", oneOf(something)], { slug })).toContain("~ client web");
  const taken = await out(["apply", oneOf(nothing)], { slug });
  for (const what of ["client web", "resource server", ...policies]) expect(taken).toContain(`~ ${what}`);
  expect(await out(["apply", oneOf(nothing)], { slug })).toBe("Nothing is to be changed.\n");
});

test("what a section does not mention stays, or goes with --prune; a key of the tenant is enough", async () => {
  const one = await createTenant(server);
  const made = await typed(["tenant", "apply", example, "--tenant", one.slug, "--url", server.url], {
    KODER_ID_API_KEY: server.adminApiKey,
    SHOP_JOB_SECRET: secret,
  });
  expect(made.code, made.err).toBe(0);
  const file = written("small.yaml", "version: 1\ngroups:\n  - name: Staff\nroles: []\n");
  const kept = await tenant(["apply", file], { slug: one.slug });
  expect([kept.code, kept.out]).toEqual([0, "Nothing is to be changed.\n"]);
  for (const left of ["group managers", "group warehouse", "role helpdesk"]) expect(kept.err).toContain(left);
  const pruned = (await out(["apply", file, "--prune"], { slug: one.slug })).trimEnd().split("\n").toSorted();
  expect(pruned).toEqual([
    "- group managers",
    "- group warehouse",
    "- role helpdesk",
    "- role shop-office/shop-manager",
    "- role shop-office/stock-keeper",
  ]);
  const after = JSON.parse(await out(["export", "--json"], { slug: one.slug })) as Record<string, unknown[]>;
  expect(after["groups"]).toHaveLength(1);
  expect(after["clients"]).toHaveLength(3);
  expect(after["roles"]).toBe(undefined);

  const { json } = await rest(server, "POST", "/v1/admin/api-keys", {
    display_name: "deploy",
    permissions: ["roles.read", "roles.write", "groups.read", "clients.read", "resource_servers.read", "policies.read"],
  });
  const key = String(json["api_key"]);
  expect(key).toMatch(/^kak_/);
  const role = written("role.yaml", "version: 1\nroles:\n  - { name: reader, permissions: [roles.read] }\n");
  expect(await out(["apply", role], { key })).toBe("+ role reader\n");
  expect(await out(["apply", role], { key })).toBe("Nothing is to be changed.\n");
  const more = written("more.yaml", "version: 1\nroles:\n  - { name: writer, permissions: [users.write] }\n");
  const refused = await tenant(["apply", more], { key });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("(PERMISSION_DENIED)")]);
});

test("--prune deletes roles that include one another, and groups that are in one another", async () => {
  const { slug } = await createTenant(server);
  const names = Array.from({ length: 12 }, (_, at) => `r${at}`);
  const roles = [{ name: "base" }, ...names.map((name) => ({ name, included_roles: ["base"] }))];
  const groups = [{ name: "base" }, ...names.map((name) => ({ name, member_of: ["base"] }))];
  await out(["apply", written("nested.json", JSON.stringify({ version: 1, roles, groups }))], { slug });
  const none = written("none.yaml", "version: 1\nroles: []\ngroups: []\n");
  const pruned = (await out(["apply", none, "--prune"], { slug })).trimEnd().split("\n");
  expect(pruned).toHaveLength(26);
  expect(pruned.at(-1)).toBe("- role base");
});

test("what is in one another is turned round by one file", async () => {
  const { slug } = await createTenant(server);
  const nested = (names: readonly string[], link: string) =>
    names.map((name, at) => ({ name, ...(at === 0 ? {} : { [link]: [names[at - 1]] }) }));
  const file = (roles: unknown, groups: unknown) =>
    written("turned.json", JSON.stringify({ version: 1, roles, groups }));
  const names = ["low", "mid", "top"];
  await out(["apply", file(nested(names, "included_roles"), nested(names, "member_of"))], { slug });
  // `top` still leads to `mid`, which the file does not say.
  const turned = (link: string) => [
    { name: "low", [link]: ["top"] },
    { name: "mid", [link]: [] },
  ];
  const again = file(turned("included_roles"), turned("member_of"));
  const changes = [
    "~ role mid: included_roles -low",
    "~ role low: included_roles +top",
    "~ group low: member_of +top",
    "~ group mid: member_of -low",
  ];
  const done = (await out(["apply", again], { slug })).trimEnd().split("\n");
  expect(done.toSorted()).toEqual(changes.toSorted());
  expect(await out(["apply", again], { slug })).toBe("Nothing is to be changed.\n");
});

test("what the server answers in another form than the file says is changed once", async () => {
  const { slug } = await createTenant(server);
  const fingerprint = Array.from({ length: 32 }, (_, at) => `a${(at % 16).toString(16)}`).join(":");
  const file = written(
    "forms.yaml",
    `version: 1
clients:
  - { client_id: forms, client_name: Forms, grant_types: [client_credentials], scope: "b.read  a.read b.read" }
groups:
  - name: Staff
branding: { primary_color: "#0F766E", primary_color_dark: "#0F766F" }
authentication_policy:
  passkey_android_apps:
    - { package_name: dev.koder.app, sha256_cert_fingerprints: ["${fingerprint}"] }
  group_overrides:
    - { group_name: staff, mfa: MFA_REQUIREMENT_REQUIRED }
username_policy: { extra_characters: "__" }
mail_settings: { sender_name: " Koder " }
mail_server: { host: SMTP.shop.example, sender_address: no-reply@shop.example }
`,
  );
  await out(["apply", file], { slug });
  expect(await out(["apply", file], { slug })).toBe("Nothing is to be changed.\n");
});

test("a client that was deleted is in no export, and what named it is not to be changed", async () => {
  const { slug, host } = await createTenant(server);
  const clients = ["web", "job"].map((client_id) => ({ client_id, grant_types: ["client_credentials"] }));
  const resource_servers = [{ identifier: "https://api.example", allowed_client_ids: ["web", "job"] }];
  const named = (sections: object) => written("gone.yaml", JSON.stringify({ version: 1, ...sections }));
  const authentication_policy = { client_overrides: [{ client_id: "job", mfa: "MFA_REQUIREMENT_REQUIRED" }] };
  await out(["apply", named({ clients, resource_servers, authentication_policy })], { slug });
  const where = { url: `http://${host}`, adminApiKey: server.adminApiKey };
  expect((await rest(where, "DELETE", "/v1/clients/job")).status).toBe(200);
  const exported = await out(["export"], { slug });
  expect(exported).not.toContain("job");
  expect(await out(["apply", written("exported.yaml", exported)], { slug })).toBe("Nothing is to be changed.\n");
  const one = { resource_servers: [{ identifier: "https://api.example", display_name: "API" }] };
  expect(await out(["apply", named(one)], { slug })).toContain("~ resource server https://api.example: display_name\n");
});

test("a claim mapper of an attribute that was taken out of the schema is in no export, and not to be changed", async () => {
  const { slug } = await createTenant(server);
  const claim_mappers = ["plan", "size"].map((name) => ({
    claim: `own_${name}`,
    custom_attribute: name,
    in_access_token: true,
  }));
  const job = { client_id: "job", grant_types: ["client_credentials"], claim_mappers };
  const attribute_schema = { schema: { properties: { plan: {}, size: {} } } };
  const named = (sections: object) => written("mapped.yaml", JSON.stringify({ version: 1, ...sections }));
  await out(["apply", named({ clients: [job], attribute_schema })], { slug });
  await out(["apply", named({ attribute_schema: { schema: { properties: { plan: {} } } } })], { slug });
  const exported = await out(["export"], { slug });
  expect(exported).toContain("own_plan");
  expect(exported).not.toContain("size");
  expect(await out(["apply", written("exported.yaml", exported)], { slug })).toBe("Nothing is to be changed.\n");
});

test("a circle through groups of which the file says nothing is told before anything is changed", async () => {
  const { slug } = await createTenant(server);
  const file = (groups: unknown) => written("circle.json", JSON.stringify({ version: 1, groups }));
  const into = (name: string, ...outer: readonly string[]) => ({ name, member_of: outer });
  await out(["apply", file([into("Low"), into("Mid", "Low"), into("Top", "Mid")])], { slug });
  const before = await out(["export", "--json"], { slug });
  for (const groups of [
    [into("low", "Top")],
    [{ name: "TOP" }, into("low", "top")],
    [into("New", "Top"), into("Low", "New")],
  ]) {
    for (const more of [["--dry-run"], []]) {
      const { code, err } = await tenant(["apply", file(groups), ...more], { slug });
      expect([code, err]).toEqual([1, expect.stringContaining("comes to include itself")]);
    }
  }
  expect(await out(["export", "--json"], { slug })).toBe(before);
});

test("what cannot be right is told before anything is changed", async () => {
  const one = await createTenant(server);
  const file = written(
    "wrong.yaml",
    `version: 1
roles:
  - { name: a, included_roles: [b] }
  - { name: b, included_roles: [a, none] }
  - { name: owner }
groups:
  - { name: g, roles: [nobody] }
resource_servers:
  - { identifier: "https://api.example", allowed_client_ids: [web], introspection_client_ids: [web, gone] }
clients:
  - { client_id: web, redirect_uris: ["https://web.example/cb"] }
authentication_policy:
  group_overrides:
    - { group_name: G }
    - { group_name: nowhere }
  client_overrides:
    - { client_id: web }
    - { client_id: missing }
`,
  );
  const { code, err } = await tenant(["apply", file], { slug: one.slug });
  expect(code).toBe(1);
  expect(err.split("\n").slice(1, -1)).toEqual([
    `${file}:3: roles[0]: role a comes to include itself`,
    `${file}:4: roles[1].included_roles[1]: there is no role none`,
    `${file}:5: roles[2]: is not for a file to change`,
    `${file}:7: groups[0].roles[0]: there is no role nobody`,
    `${file}:15: authentication_policy.group_overrides[1].group_name: there is no group nowhere`,
    `${file}:9: resource_servers[0].introspection_client_ids[1]: there is no client gone`,
    `${file}:18: authentication_policy.client_overrides[1].client_id: there is no client missing`,
  ]);
  expect(await out(["export", "--json"], { slug: one.slug })).not.toContain("roles");
  const settings = written("tenant.yaml", "version: 1\ntenant: { display_name: X }\n");
  expect((await tenant(["apply", settings])).code).toBe(2);
});

test("--create makes the tenant that a file is of, once the file is right, for who has authority over the instance", async () => {
  const file = written(
    "new.yaml",
    "version: 1\ntenant: { display_name: New Ltd }\nroles:\n  - { name: a, included_roles: [support] }\n",
  );
  const slug = "made-by-file";
  const isThere = async () => (await rest(server, "GET", `/v1/admin/tenants/${slug}`)).status;
  const wrong = written("new-wrong.yaml", "version: 1\nroles:\n  - { name: a, included_roles: [none] }\n");
  expect((await tenant(["apply", wrong, "--create"], { slug })).err).toContain("there is no role none");
  const without = await tenant(["apply", file], { slug });
  expect([without.code, without.err]).toEqual([1, expect.stringContaining("TENANT_NOT_FOUND")]);
  const changes = `+ tenant ${slug}\n+ role a\n`;
  expect(await out(["apply", file, "--create", "--dry-run"], { slug })).toBe(changes);
  expect(await isThere()).toBe(404);

  const { json } = await rest(server, "POST", "/v1/admin/api-keys", { display_name: "own", permissions: ["*"] });
  const refused = await tenant(["apply", file, "--create"], { slug, key: String(json["api_key"]) });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("PERMISSION_DENIED")]);
  expect(await isThere()).toBe(404);

  // What a service refuses was not done, and is not said to be.
  const reserved = await tenant(["apply", file, "--create"], { slug: "admin" });
  expect([reserved.code, reserved.out, reserved.err]).toEqual([1, "", expect.stringContaining("TENANT_INVALID")]);

  expect(await out(["apply", file, "--create"], { slug })).toBe(changes);
  expect((await rest(server, "GET", `/v1/admin/tenants/${slug}`)).json).toMatchObject({ display_name: "New Ltd" });
  expect(await out(["apply", file, "--create"], { slug })).toBe("Nothing is to be changed.\n");
  const other = written("only.yaml", "version: 1\n");
  expect(JSON.parse(await out(["apply", other, "--create", "--json"], { slug: "made-empty" }))).toEqual({
    dry_run: false,
    changes: [{ action: "create", section: "tenant", name: "made-empty" }],
    kept: [],
    unseen_secrets: [],
  });
  expect((await tenant(["apply", file, "--create"])).code).toBe(2);
});

test("clients whose secret nobody sees are named, and those that have none or the file's are not", async () => {
  const { slug } = await createTenant(server);
  const client = (client_id: string, more: object = {}) => ({
    client_id,
    redirect_uris: [`https://${client_id}.example/cb`],
    ...more,
  });
  const file = (...clients: object[]) => written("secrets.json", JSON.stringify({ version: 1, clients }));
  const made = file(
    client("usual"),
    client("posting", { token_endpoint_auth_method: "client_secret_post" }),
    client("public", { token_endpoint_auth_method: "none" }),
    client("named", { client_secret: { env: "SHOP_JOB_SECRET" } }),
  );
  const said = (names: string) => `The server makes a secret that nobody sees for: ${names}. `;
  for (const more of [["--dry-run"], []]) {
    expect((await tenant(["apply", made, ...more], { slug })).err).toContain(said("usual, posting"));
  }
  expect((await tenant(["apply", made], { slug })).err).toBe("");
  const changed = file(client("public", { token_endpoint_auth_method: "client_secret_basic" }));
  const planned = JSON.parse(await out(["apply", changed, "--dry-run", "--json"], { slug })) as object;
  expect(planned).toMatchObject({ unseen_secrets: ["public"] });
  expect((await tenant(["apply", changed], { slug })).err).toContain(said("public"));
});

test("a mail server has its password from where the file says, sent while there is none and with what else changes", async () => {
  const { slug, host } = await createTenant(server);
  const file = (port: number) =>
    written(
      `mail-${port}.yaml`,
      `version: 1\nmail_server:\n  host: smtp.shop.example\n  port: ${port}\n  user_name: shop\n` +
        "  password: { env: SHOP_MAIL_PASSWORD }\n  sender_address: no-reply@shop.example\n",
    );
  const set = "~ mail_server: host, port, user_name, sender_address, password\n";
  expect(await out(["apply", file(587)], { slug })).toBe(set);
  expect(await out(["apply", file(587)], { slug })).toBe("Nothing is to be changed.\n");
  const { json } = await rest({ ...server, url: `http://${host}` }, "GET", "/v1/admin/mail-server");
  expect(json).toMatchObject({ host: "smtp.shop.example", port: 587, password_set: true });
  expect(await out(["apply", file(2525)], { slug })).toBe("~ mail_server: port, password\n");
  const exported = await out(["export"], { slug });
  expect(exported).toContain("host: smtp.shop.example");
  expect(exported).not.toMatch(/swordfish|password:|password_set/);
  const open = written("mail-open.yaml", `version: 1\nmail_server: { host: a.example, password: "${mailPassword}" }\n`);
  const { code, err } = await tenant(["apply", open], { slug });
  expect([code, err]).toEqual([1, expect.stringMatching(/mail_server\.password: must name where the secret is/)]);
  expect(err).not.toContain("swordfish");
});

test("what somebody else changed since the plan is refused, of each section that there is once, and of mail templates", async () => {
  const { slug } = await createTenant(server);
  const file = (name: string, number: number) =>
    JSON.stringify({
      version: 1,
      tenant: { display_name: name },
      oauth_policy: { registration: { max_redirect_uris: 20 + number } },
      attribute_schema: { schema: { properties: { [name]: { type: "string" } } } },
      branding: { display_name: name },
      authentication_policy: { session_lifetime: `${number * 3600}s` },
      password_policy: { blocked_words: [name] },
      username_policy: { max_length: 40 + number },
      mail_settings: { sender_name: name },
      mail_server: { host: `${name.toLowerCase()}.example`, sender_address: "no-reply@shop.example" },
      mail_templates: [{ kind: "email_otp", language: "es", subject: name }],
    });
  const tokenSource = staticToken(server.adminApiKey);
  const services = tenantServices(createTransport(server.url, { tokenSource, tenant: slug }), slug);
  /** How many changes of the file are refused, each by itself, once somebody else has applied another one after the plan. */
  async function refusals(): Promise<number> {
    const read = {
      linksOf: () => false,
      outerGroups: [],
      wantsTenant: true,
      wantsBranding: true,
      wantsMailServer: true,
    };
    const state = await readTenantState(services, read);
    const plan = planChanges(readTenantFile(file("Mine", 1), "mine.json", { env: {}, folder }), state, {
      prune: false,
    });
    await out(["apply", written("theirs.json", file("Theirs", 2))], { slug });
    const theirs = await out(["export"], { slug });
    const each = [
      ...plan.lists.map((one) => ({ ...plan, lists: [one], singles: [] })),
      ...plan.singles.map((one) => ({ ...plan, lists: [], singles: [one] })),
    ];
    for (const change of each) {
      await expect(makeChanges(services, change, state, () => undefined)).rejects.toThrow(/meanwhile/);
    }
    expect(await out(["export"], { slug })).toBe(theirs);
    return each.length;
  }
  // Of what was the default until then, and of what was not.
  expect(await refusals()).toBe(10);
  await out(["apply", written("before.json", file("Before", 3))], { slug });
  expect(await refusals()).toBe(10);
});
