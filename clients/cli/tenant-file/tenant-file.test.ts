import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readTenantFile } from "./tenant-file.ts";

const read = (text: string, env: Record<string, string> = {}, folder = ".") =>
  readTenantFile(text, "t.yaml", { env, folder });

/** What is said of a file that is not right, a line for each problem. */
function problems(text: string, env: Record<string, string> = {}, folder = "."): readonly string[] {
  try {
    read(text, env, folder);
  } catch (error) {
    return (error as Error).message.split("\n").filter((line) => line.startsWith("t.yaml:"));
  }
  return [];
}

test("the example is right, and its secret comes from the environment", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../examples/tenant.yaml"), "utf8");
  const folder = join(import.meta.dirname, "../../../examples");
  const { lists, singles } = read(text, { SHOP_JOB_SECRET: "kcs_x" }, folder);
  expect(lists.clients?.map(({ name, secret }) => [name, secret])).toEqual([
    ["shop-web", undefined],
    ["shop-office", undefined],
    ["shop-job", "kcs_x"],
  ]);
  expect(lists.roles?.map(({ name }) => name)).toEqual([
    "shop-office/stock-keeper",
    "shop-office/shop-manager",
    "helpdesk",
  ]);
  expect(lists.groups?.[1]).toMatchObject({ name: "warehouse", links: { member_of: ["Staff"] } });
  const policies = ["authentication_policy", "password_policy", "username_policy"];
  expect(Object.keys(singles)).toEqual(["oauth_policy", "branding", ...policies, "mail_settings"]);
  expect(singles.branding).toMatchObject({ logo: { data: expect.stringMatching(/^iVBORw0KGgo/) } });
  expect(problems(text, {}, folder)[0]).toMatch(
    /^t\.yaml:\d+: clients\[2\]\.client_secret: the environment has no SHOP_JOB_SECRET$/,
  );
});

test("each problem is told with its line and its path, all at once", () => {
  const text = `version: 1
cliens: []
clients:
  - client_id: a b
    redirect_uri: [https://a.example/]
    redirect_uris: https://a.example/
    first_party: "yes"
    default_max_age: 1.5
    refresh_token_overlap: 10
    jwks:
      keys:
        - { kty: DSA }
  - client_id: shop
    etag: v1
    client_name: 7
    claim_mappers:
      - { claim: plan, constant_json: "1", user_attribute: name }
roles:
  - name: 7up
  - client_id: shop
oauth_policy: [1]
authentication_policy:
  mfa: ALWAYS
`;
  expect(problems(text)).toEqual([
    "t.yaml:2: cliens: is no section; did you mean clients?",
    "t.yaml:5: clients[0].redirect_uri: is not a field of Client; did you mean redirect_uris?",
    "t.yaml:6: clients[0].redirect_uris: must be a list",
    "t.yaml:7: clients[0].first_party: must be true or false",
    "t.yaml:8: clients[0].default_max_age: must be a whole number in range",
    "t.yaml:9: clients[0].refresh_token_overlap: must be a length of time in seconds such as 3600s",
    "t.yaml:15: clients[1].client_name: must be a text; put it in quotes",
    "t.yaml:17: clients[1].claim_mappers[0].user_attribute: must not stand beside constant_json",
    "t.yaml:14: clients[1].etag: does not belong into a file",
    `t.yaml:19: roles[0].name: must begin with a letter and have at most 64 letters, digits, ".", "_", ":" or "-"`,
    "t.yaml:20: roles[1].name: must be set: by it the role is found again",
    "t.yaml:21: oauth_policy: must be an object",
    "t.yaml:23: authentication_policy.mfa: must be one of MFA_REQUIREMENT_UNSPECIFIED, MFA_REQUIREMENT_NEVER, MFA_REQUIREMENT_OPTIONAL, MFA_REQUIREMENT_REQUIRED",
  ]);
});

test("of a JSON Web Key, what there is no field for is passed over, but not what is private", () => {
  const keyed = (more: string) =>
    `version: 1\nclients: [{ client_id: shop, jwks: { keys: [{ kty: AKP, x5c: [MIIB], "x5t#S256": a${more} }] } }]\n`;
  expect(read(keyed("")).lists.clients?.[0]?.json).toMatchObject({ jwks: { keys: [{ kty: "AKP" }] } });
  for (const name of ["k", "d"]) {
    expect(problems(keyed(`, ${name}: AAAA`))).toEqual([
      `t.yaml:2: clients[0].jwks.keys[0].${name}: is of a private key, which its owner alone has; send the public one`,
    ]);
  }
});

test("the rules of the contract hold for what is of the right type", () => {
  const text = `{"version": 1,
  "clients": [
    {"client_id": "a b", "redirect_uris": ["x", "x"]},
    {"client_id": "shop", "jwks": {"keys": [
      {"kty": ""}]}}
  ]}`;
  expect(problems(text).map((line) => line.replace(/: [^:]*$/, ""))).toEqual([
    "t.yaml:3: clients[0].client_id",
    "t.yaml:3: clients[0].redirect_uris",
    "t.yaml:5: clients[1].jwks.keys[0].kty",
  ]);
});

test.each([
  ["clients: []", "t.yaml:1: version: must be 1"],
  ["version: 1\nroles:\n  - name: a\n  - name: a", "t.yaml:4: roles[1]: role a is there twice"],
  ["version: 1\ngroups:\n  - name: A\n  - name: a", "t.yaml:4: groups[1]: group a is there twice"],
  ["version: 1\nroles:\n  - name: a\n    name: b", "t.yaml: line 4: Map keys must be unique"],
  ["version: 1\nroles: [", "t.yaml: line 2: "],
  ["- 1", "t.yaml:1: must be an object"],
  ["version: 1\ngroups:\n  - name: a\n    roles: [b, b]", "t.yaml:4: groups[0].roles: names one twice"],
  ["version: 1\ngroups:\n  - name: a\n    roles: b", "t.yaml:4: groups[0].roles: must be a list of names"],
  ["version: 1\nclients:\n  - {client_id: a, client_id: b}", "t.yaml: line 3: Map keys must be unique"],
  ["version: 1\nclients:\n  - {client_id: a, clientId: b}", "t.yaml:3: clients[0].clientId: is there twice"],
])("refused: %s", (text, said) => {
  expect(() => read(text)).toThrow(said);
});

test("what is never unset cannot be taken back", () => {
  const text = `version: 1
tenant: { display_name: null, default_domain: null }
mail_templates:
  - { kind: invitation, language: es, subject: null, body: "{link}", button: null }`;
  const wrong = "must not be null, as it is never unset; leave it out, and it stays as it is";
  expect(problems(text)).toEqual([
    `t.yaml:4: mail_templates[0].subject: ${wrong}`,
    `t.yaml:4: mail_templates[0].button: ${wrong}`,
    `t.yaml:2: tenant.display_name: ${wrong}`,
  ]);
});

test("no file makes more of aliases than a person would", () => {
  const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [one, next] of ["ab", "bc", "cd", "de", "ef", "fg"]) {
    bomb.push(`${next}: &${next} [${Array.from({ length: 10 }, () => `*${one}`).join(", ")}]`);
  }
  expect(() => read(`version: 1\n${bomb.join("\n")}`)).toThrow(/Excessive alias count/);
});

test("a secret stands in the environment or in a file, and is shown nowhere", () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-secret-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "secret.txt"), "kcs_from-file\n");
  const client = (reference: string) => `version: 1\nclients:\n  - client_id: a\n    client_secret: ${reference}`;
  const secretOf = (reference: string) =>
    read(client(reference), { S: "kcs_from-env" }, folder).lists.clients?.[0]?.secret;
  expect(secretOf("{ env: S }")).toBe("kcs_from-env");
  expect(secretOf("{ file: secret.txt }")).toBe("kcs_from-file");
  const literal = problems(client("kcs_literal"));
  expect(literal).toEqual([
    expect.stringContaining("t.yaml:4: clients[0].client_secret: must name where the secret is"),
  ]);
  expect(literal.join()).not.toContain("kcs_literal");
  for (const reference of ["{ env: T }", "{ file: none.txt }", "{ env: S, file: x }", "{ url: x }", "{}", "[env]"]) {
    expect(problems(client(reference)), reference).toHaveLength(1);
  }
});

test("a picture stands in a file, or within as its bytes", () => {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-image-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "logo.png"), "a picture");
  writeFileSync(join(folder, "large.png"), Buffer.alloc(65_537));
  const branding = (logo: string) => `version: 1\nbranding:\n  logo: ${logo}`;
  expect(read(branding("{ file: logo.png }"), {}, folder).singles.branding).toEqual({
    logo: { data: Buffer.from("a picture").toString("base64") },
  });
  expect(read(branding("{ data: AAAA }")).singles.branding).toEqual({ logo: { data: "AAAA" } });
  expect(read(branding("null")).singles.branding).toEqual({ logo: null });
  for (const logo of [
    "logo.png",
    "{ file: none.png }",
    "{ file: large.png }",
    "{ file: logo.png, media_type: text/html }",
    "{ version: abc }",
    "{ data: 7 }",
    "[logo.png]",
  ]) {
    expect(problems(branding(logo), {}, folder), logo).toEqual([expect.stringMatching(/^t\.yaml:3: branding\.logo: /)]);
  }
});
