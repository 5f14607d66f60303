import { expect, test } from "vitest";
import { changeText } from "./plan-text.ts";
import { planChanges } from "./plan.ts";
import type { ListKey } from "./sections.ts";
import { readTenantFile } from "./tenant-file.ts";
import type { Existing, TenantState } from "./tenant-state.ts";

/** A tenant that has these roles, each with those that it includes. */
function stateOf(
  roles: Readonly<Record<string, readonly string[]>>,
  singles: TenantState["singles"] = {},
): TenantState {
  const lists: Record<ListKey, readonly Existing[]> = {
    clients: [],
    resource_servers: [],
    roles: Object.entries(roles).map(([name, included]) => ({
      id: `id of ${name}`,
      etag: "v1",
      name,
      json: { name },
      links: { included_roles: new Map(included.map((one) => [one, `id of ${one}`])) },
      fixed: false,
    })),
    groups: [],
    mail_templates: [],
  };
  return { lists, singles, etags: {}, usualMails: new Map(), secrets: new Set() };
}

/** What a file makes of it, a line for each change. */
const planned = (text: string, state: TenantState, prune = false): readonly string[] => {
  const plan = planChanges(readTenantFile(`version: 1\n${text}`, "t.yaml", { env: {}, folder: "." }), state, { prune });
  return [...plan.lists, ...plan.singles].map(changeText);
};

test("roles are deleted before those that they include, whose deletion would change their etags", () => {
  const state = stateOf({ low: [], high: ["mid", "low"], mid: ["low"], other: ["kept"], kept: [] });
  expect(planned("roles: [{ name: kept }]", state, true)).toEqual([
    "- role other",
    "- role high",
    "- role mid",
    "- role low",
  ]);
});

test("a role that no longer includes another is changed before the one that then may include it", () => {
  const state = stateOf({ top: ["mid"], mid: ["low"], low: [] });
  expect(planned("roles: [{ name: low, included_roles: [top] }, { name: mid, included_roles: [] }]", state)).toEqual([
    "~ role mid: included_roles -low",
    "~ role low: included_roles +top",
  ]);
});

test("the default audience is there, and does not go with --prune while it is that", () => {
  const [kept, going] = ["https://kept.example", "https://going.example"];
  const resource_servers = [kept, going].map((name): Existing => ({
    id: name,
    etag: "v1",
    name,
    json: { identifier: name },
    links: {},
    fixed: false,
  }));
  const { lists, ...more } = stateOf({}, { oauth_policy: { default_audience: going } });
  const state = { ...more, lists: { ...lists, resource_servers } };
  const servers = `resource_servers: [{ identifier: "${kept}" }]`;
  expect(() => planned(servers, state, true)).toThrow(
    "t.yaml:2: resource_servers: the resource server https://going.example would be deleted, and is the default_audience",
  );
  expect(() => planned(`${servers}\noauth_policy: { default_audience: "${going}" }`, state, true)).toThrow(
    "t.yaml:3: oauth_policy.default_audience: the resource server https://going.example would be deleted",
  );
  expect(planned(servers, state)).toEqual([]);
  expect(() => planned('oauth_policy: { default_audience: "https://never.example" }', state)).toThrow(
    "t.yaml:2: oauth_policy.default_audience: there is no resource server https://never.example",
  );
  for (const other of ["null", `"${kept}"`]) {
    expect(planned(`${servers}\noauth_policy: { default_audience: ${other} }`, state, true)).toEqual([
      "- resource server https://going.example",
      "~ oauth_policy: default_audience",
    ]);
  }
});

test("resource servers name clients that are there, and do not go with --prune", () => {
  const { lists, ...more } = stateOf({});
  const going: Existing = { id: "going", etag: "v1", name: "going", json: {}, links: {}, fixed: false };
  const state = { ...more, lists: { ...lists, clients: [going] } };
  const naming = (id: string) => `resource_servers: [{ identifier: "urn:api", allowed_client_ids: [web, ${id}] }]`;
  const clients = "\nclients: [{ client_id: web, client_name: Web }]";
  expect(planned(naming("going") + clients, state)).toEqual(["+ client web", "+ resource server urn:api"]);
  const at = "t.yaml:2: resource_servers[0].allowed_client_ids[1]";
  expect(() => planned(naming("nobody") + clients, state)).toThrow(`${at}: there is no client nobody`);
  expect(() => planned(naming("going") + clients, state, true)).toThrow(`${at}: there is no client going`);
});

test("claim mappers read attributes that the schema has, or comes to have", () => {
  const mapping =
    "clients: [{ client_id: web, claim_mappers: [{ claim: plan, custom_attribute: plan, in_id_token: true }] }]";
  const schemaOf = (...names: readonly string[]) =>
    `attribute_schema: { schema: { properties: { ${names.map((name) => `${name}: {}`).join(", ")} } } }`;
  const at = "t.yaml:2: clients[0].claim_mappers[0].custom_attribute: there is no attribute plan in the schema";
  expect(() => planned(mapping, stateOf({}))).toThrow(at);
  const kept = stateOf({}, { attribute_schema: { schema: { properties: { plan: {} } } } });
  expect(planned(mapping, kept)).toEqual(["+ client web"]);
  expect(planned(`${mapping}\n${schemaOf("plan")}`, stateOf({}))).toEqual([
    "+ client web",
    "~ attribute_schema: schema",
  ]);
  for (const other of [schemaOf("size"), "attribute_schema: { schema: null }"]) {
    expect(() => planned(`${mapping}\n${other}`, kept)).toThrow(at);
  }
});

test("what cannot be shown is told before anything is changed, and stays where nothing else of it changes", () => {
  const bad = '"a\\u202eb"';
  const file = [
    `clients: [{ client_id: web, client_name: ${bad} }]`,
    `resource_servers: [{ identifier: "urn:api", scopes: [{ name: a }, { name: b, description: ${bad} }] }]`,
    `roles: [{ name: kept, description: ${bad} }, { name: made, display_name: ${bad} }]`,
    `branding: { texts: [{ language: es, sign_in_note: ${bad} }] }`,
    `mail_settings: { sender_name: ${bad} }`,
  ];
  const said = (line: number, path: string, what = "one line of text that can be read, without control characters") =>
    `t.yaml:${line}: ${path}: must be ${what}`;
  const { lists, ...more } = stateOf({ kept: [] });
  expect(() => planned(file.join("\n"), { ...more, lists })).toThrow(
    [
      "the file is not right",
      said(2, "clients[0].client_name"),
      said(3, "resource_servers[0].scopes[1].description"),
      said(4, "roles[0].description", "text, without control characters other than line breaks and tabs"),
      said(4, "roles[1].display_name"),
      said(5, "branding.texts[0].sign_in_note"),
      said(6, "mail_settings.sender_name"),
    ].join("\n"),
  );
  // Of before: the server looks at the whole of a client, and of a role at what changes.
  const [client_name, description] = ["a\u202eb", "a\u202eb"];
  const before: TenantState = {
    ...more,
    lists: {
      ...lists,
      roles: lists.roles.map((role) => ({ ...role, json: { name: "kept", description } })),
      clients: [
        { id: "web", etag: "v1", name: "web", json: { client_id: "web", client_name }, links: {}, fixed: false },
      ],
    },
  };
  expect(planned(file[0] ?? "", before)).toEqual([]);
  const uri = 'client_uri: "https://web.example/"';
  expect(() => planned(`clients: [{ client_id: web, ${uri} }]`, before)).toThrow(said(2, "clients[0].client_name"));
  expect(planned("clients: [{ client_id: web, disabled: true }]", before)).toEqual(["~ client web: disabled"]);
  expect(planned(`roles: [{ name: kept, description: ${bad}, permissions: [users.read] }]`, before)).toEqual([
    "~ role kept: permissions",
  ]);
});

test("terms that people are to accept keep their address, and lose it only after nobody is asked to", () => {
  const uri = "https://acme.example/terms";
  const asked = stateOf({}, { branding: { terms_uri: uri }, authentication_policy: { terms_version: "1" } });
  const removed = "branding: { terms_uri: null, display_name: Acme }";
  expect(() => planned(removed, asked)).toThrow(
    "t.yaml:2: branding.terms_uri: must be there as long as terms_version of authentication_policy is set",
  );
  expect(planned(`${removed}\nauthentication_policy: { terms_version: null }`, asked)).toEqual([
    "~ authentication_policy: terms_version",
    "~ branding: display_name, terms_uri",
  ]);
  const version = "authentication_policy: { terms_version: '2' }";
  const none = stateOf({}, { branding: {}, authentication_policy: {} });
  expect(() => planned(`branding: { display_name: Acme }\n${version}`, none)).toThrow(
    "t.yaml:3: authentication_policy.terms_version: needs terms that people can read: terms_uri of branding",
  );
  expect(planned(`${version}\nbranding: { terms_uri: "${uri}" }`, none)).toEqual([
    "~ branding: terms_uri",
    "~ authentication_policy: terms_version",
  ]);
  // Of before, it may stay as it is.
  const broken = stateOf({}, { branding: {}, authentication_policy: { terms_version: "1" } });
  expect(planned("branding: { terms_uri: null, display_name: Acme }", broken)).toEqual(["~ branding: display_name"]);
});

test("a circle through roles that the file does not mention is told before anything is changed", () => {
  const state = stateOf({ top: ["mid"], mid: ["low"], low: [] });
  expect(() => planned("roles: [{ name: low, included_roles: [top] }]", state)).toThrow(
    "t.yaml:2: roles[0]: role low comes to include itself",
  );
  expect(() =>
    planned("roles: [{ name: new, included_roles: [top] }, { name: low, included_roles: [new] }]", state),
  ).toThrow("t.yaml:2: roles[0]: role new comes to include itself");
});

test("a mail server comes before the policy that can need it, and goes after it", () => {
  const policy = (isRequired: boolean) => `authentication_policy: { verified_email_required: ${isRequired} }`;
  const server = (host: string) => `mail_server: { host: ${host} }`;
  const [mails, needed] = ["~ mail_server: host", "~ authentication_policy: verified_email_required"];
  expect(planned(`${policy(true)}\n${server("smtp.acme.test")}`, stateOf({}))).toEqual([mails, needed]);
  const before = stateOf(
    {},
    { mail_server: { host: "smtp.acme.test" }, authentication_policy: { verified_email_required: true } },
  );
  expect(planned(`${policy(false)}\n${server("null")}`, before)).toEqual([needed, mails]);
});
