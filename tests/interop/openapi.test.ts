import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type RunningServer } from "../support/server.ts";

// The REST API is what the document says: every operation is there, and answers have no member that is not described.

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

interface Operation {
  readonly security: readonly object[];
  readonly responses: {
    readonly 200: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
  };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema & { readonly description?: string }>> };
}

const file = join(import.meta.dirname, "../../gen/openapi/openapi.json");
const document = JSON.parse(readFileSync(file, "utf8")) as Document;
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([verb, operation]) => ({ verb: verb.toUpperCase(), path, operation })),
);
const reasons = new Set(
  [...(document.components.schemas["Reason"]?.description ?? "").matchAll(/^- `([A-Z_]+)`/gm)].map(([, name]) => name),
);

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

async function call(
  verb: string,
  path: string,
  body?: unknown,
  credential?: string,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}${path}`, {
    method: verb,
    headers: {
      ...(body !== undefined && { "content-type": "application/json" }),
      ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** Members of a value that its schema does not know, as paths. */
function undescribed(value: unknown, schema: Schema, at: string): string[] {
  const name = schema.$ref?.split("/").at(-1);
  if (name !== undefined) return undescribed(value, document.components.schemas[name] ?? {}, at);
  if (Array.isArray(value))
    return value.flatMap((item, index) => undescribed(item, schema.items ?? {}, `${at}[${index}]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const known = schema.properties?.[key];
    return known === undefined ? [`${at}.${key}`] : undescribed(member, known, `${at}.${key}`);
  });
}

/** What nobody needs a credential for: whoever has the secret of a mailed link or of a flow, or asks for a link. */
const open: ReadonlySet<string> = new Set([
  "POST /v1/auth/flows",
  "GET /v1/auth/flows/{flow_id}",
  "POST /v1/auth/flows/{flow_id}/email",
  "POST /v1/auth/flows/{flow_id}/email/send",
  "POST /v1/auth/flows/{flow_id}/new-otp",
  "POST /v1/auth/flows/{flow_id}/new-otp/send",
  "GET /v1/auth/flows/{flow_id}/new-passkey",
  "POST /v1/auth/flows/{flow_id}/new-passkey",
  "POST /v1/auth/flows/{flow_id}/new-password",
  "POST /v1/auth/flows/{flow_id}/new-totp",
  "POST /v1/auth/flows/{flow_id}/new-totp/begin",
  "GET /v1/auth/flows/{flow_id}/passkey",
  "POST /v1/auth/flows/{flow_id}/passkey",
  "POST /v1/auth/flows/{flow_id}/password",
  "POST /v1/auth/flows/{flow_id}/recovery-code",
  "POST /v1/auth/flows/{flow_id}/otp",
  "POST /v1/auth/flows/{flow_id}/otp/send",
  "POST /v1/auth/flows/{flow_id}/terms",
  "POST /v1/auth/flows/{flow_id}/terms/decline",
  "POST /v1/auth/flows/{flow_id}/totp",
  "POST /v1/auth/email/confirm",
  "POST /v1/auth/recovery",
  "POST /v1/auth/recovery/confirm",
  "POST /v1/auth/sign-up",
  "POST /v1/auth/sign-up/confirm",
  "POST /v1/users/{user_id}/email/verify/confirm",
  "POST /v1/users/{user_id}/password/reset/confirm",
]);

describe("every operation is there, and refuses a caller without a credential in the documented shape", () => {
  test.each(operations)("$verb $path", async ({ verb, path, operation }) => {
    const isOpen = open.has(`${verb} ${path}`);
    expect(operation.security.length === 0).toBe(isOpen);
    const { status, body } = await call(
      verb,
      path.replaceAll(/\{\w+\}/g, "01ARZ3NDEKTSV4RRFFQ69G5FAV"),
      ["POST", "PUT", "PATCH"].includes(verb) ? {} : undefined,
    );
    // An empty request is refused for what it lacks, and a flow that nobody has for itself.
    expect(isOpen ? [400, 404] : [401], JSON.stringify(body)).toContain(status);
    expect(undescribed(body, { $ref: "#/components/schemas/Error" }, "body")).toEqual([]);
    const { error } = body as { error: { reason: string; message: string; id: string; violations: unknown[] } };
    expect(reasons).toContain(error.reason);
    expect(error.message).not.toBe("");
    expect(error.id).toMatch(/^KID-[A-Z]+-\d{3}-[0-9A-Z]+$/);
    expect(error.violations.length > 0).toBe(status === 400);
  });
});

describe("answers are the described resources", () => {
  /** Calls an operation as the owner of the instance; fails unless it succeeds and every member is described. */
  async function succeed(
    verb: string,
    path: string,
    template: string,
    body?: unknown,
  ): Promise<Record<string, unknown>> {
    const answer = await call(verb, path, body, server.adminApiKey);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    const schema = document.paths[template]?.[verb.toLowerCase()]?.responses[200].content["application/json"].schema;
    expect(schema, `${verb} ${template}`).toBeDefined();
    expect(undescribed(answer.body, schema ?? {}, "body")).toEqual([]);
    return (answer.body ?? {}) as Record<string, unknown>;
  }

  test("users", async () => {
    const password = "a long enough passphrase";
    const user = await succeed("POST", "/v1/users", "/v1/users", { username: "hedy", given_name: "Hedy", password });
    expect(user).toMatchObject({ username: "hedy", given_name: "Hedy", status: "USER_STATUS_ACTIVE" });
    expect(user["password"] ?? "").toBe("");
    const one = "/v1/users/{user_id}";
    const changed = await succeed("PATCH", `/v1/users/${String(user["id"])}`, one, { familyName: "Lamarr" });
    expect(changed).toMatchObject({ given_name: "Hedy", family_name: "Lamarr" });
    expect(await succeed("GET", `/v1/users/${String(user["id"])}`, one)).toEqual(changed);
    await succeed("PUT", `/v1/users/${String(user["id"])}/password`, `${one}/password`, { password: `${password} 2` });
    await succeed("GET", `/v1/users/${String(user["id"])}/sessions`, `${one}/sessions`);
    expect(await succeed("GET", "/v1/users?username=hedy", "/v1/users")).toMatchObject({
      users: [{ username: "hedy" }],
    });
  });

  test("clients", async () => {
    const one = "/v1/clients/{client_id}";
    const client = await succeed("POST", "/v1/clients", "/v1/clients", {
      client_id: "dev.koder.chat",
      redirect_uris: ["https://chat.example/callback"],
    });
    expect(String(client["client_secret"]).length).toBeGreaterThan(30);
    const read = await succeed("GET", "/v1/clients/dev.koder.chat", one);
    expect(read["client_secret"] ?? "").toBe("");
    await succeed("GET", "/v1/clients?page_size=1", "/v1/clients");
    await succeed("DELETE", "/v1/clients/dev.koder.chat", one);
    expect((await call("GET", "/v1/clients/dev.koder.chat", undefined, server.adminApiKey)).status).toBe(404);
  });

  test("the instance", async () => {
    const health = await succeed("GET", "/v1/admin/system/health", "/v1/admin/system/health");
    expect(health).toMatchObject({ healthy: true });
    await succeed("GET", "/v1/sessions", "/v1/sessions");
  });
});

test("a member that is not described is refused by name", async () => {
  const { status, body } = await call("POST", "/v1/users", { username: "eve", is_admin: true }, server.adminApiKey);
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: { reason: "INVALID_REQUEST" } });
  expect(JSON.stringify(body)).toContain("is_admin");
});
