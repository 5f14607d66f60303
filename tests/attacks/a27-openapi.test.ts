import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPerson, registerClient, rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { document, operations, requestsOf, type Operation, type Schema } from "./openapi-requests.ts";

// Requests made from the OpenAPI document, by a credential that may do everything: whatever they are, the answer is one that
// the document has. KODER_FUZZ_CALLS says how many, KODER_FUZZ_SEED makes the same ones again.
const calls = Number(process.env["KODER_FUZZ_CALLS"] ?? 5_000);
const seed = Number(process.env["KODER_FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ env: { KODER_ID_RATE_LIMIT: "off", KODER_ID_RATE_LIMIT_SIGN_IN: "off" } });
});
afterAll(() => server?.stop());

/** What is not called, and why. */
const leftAlone: Readonly<Record<string, string>> = {
  "POST /v1/admin/tenants/{tenant_id}/domains/{domain}/verify": "asks the name servers of the machine",
  "POST /v1/admin/mail-server/test": "asks them as well",
};

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
ajv.addSchema({ $id: "api", ...closed({ components: document.components }) });

/** A document whose objects have no other members than it names, so that an answer with more is seen. */
function closed(value: unknown): Schema {
  return closedPart(value) as Schema;
}

function closedPart(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closedPart);
  if (typeof value !== "object" || value === null) return value;
  const members: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      name,
      name === "$ref" && typeof one === "string" ? one.replace(/^#/, "api#") : closedPart(one),
    ]),
  );
  const isObject = members["type"] === "object" && members["properties"] !== undefined;
  return isObject && members["additionalProperties"] === undefined
    ? { ...members, additionalProperties: false }
    : members;
}

const checks = new Map<Operation, ReturnType<Ajv2020["compile"]>>();
const errorCheck = ajv.compile({ $ref: "api#/components/schemas/Error" });

/** What is wrong with an answer; undefined where it is as the document says. */
function fault(operation: Operation, status: number, text: string): string | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "the answer is no JSON";
  }
  if (status !== 200) {
    if (status < 400 || status >= 500) return `status ${status}`;
    return errorCheck(json) ? undefined : ajv.errorsText(errorCheck.errors);
  }
  const check = checks.get(operation) ?? ajv.compile(closed(operation.answer));
  checks.set(operation, check);
  return check(json) ? undefined : ajv.errorsText(check.errors);
}

/** The ids in an answer, for requests that come after it. */
function idsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    typeof one === "string" && /(?:^|_)id$|^kid$|^slug$/.test(name) ? [one] : idsIn(one),
  );
}

test(`A27: ${calls} requests made from the OpenAPI document are answered as it says (seed ${seed})`, async () => {
  const asked = operations.filter(({ method, path }) => leftAlone[`${method} ${path}`] === undefined);
  expect(asked.length).toBeGreaterThan(100);
  const { json } = await rest(server, "GET", "/v1/admin/api-keys?authority=API_KEY_AUTHORITY_INSTANCE");
  const own = new Set(idsIn(json));
  expect(own.size).toBe(1);
  const ids = [(await createPerson(server)).id, (await registerClient(server)).clientId];
  const seen = new Map<number, number>();
  for (let at = 0; at < calls; at += 1) {
    const operation = asked[at % asked.length];
    if (operation === undefined) break;
    const [request] = fc.sample(requestsOf(operation, ids), { numRuns: 1, seed: seed + at });
    const response = await fetch(`${server.url}${request?.path ?? ""}`, {
      method: operation.method,
      headers: { authorization: `Bearer ${server.adminApiKey}`, "content-type": "application/json" },
      ...(request?.body === undefined || operation.method === "GET" ? {} : { body: JSON.stringify(request.body) }),
    });
    const text = await response.text();
    const said = `${operation.method} ${request?.path ?? ""} ${JSON.stringify(request?.body)?.slice(0, 2_000)}`;
    expect(fault(operation, response.status, text), `${said}\n→ ${response.status} ${text.slice(0, 2_000)}`).toBe(
      undefined,
    );
    // Whoever may do everything is known to the end: else the rest would be asked by nobody.
    expect(text, said).not.toContain("CREDENTIAL_INVALID");
    seen.set(response.status, (seen.get(response.status) ?? 0) + 1);
    if (response.status === 200) {
      // Not the key that calls: it would be deleted sooner or later.
      ids.push(...idsIn(JSON.parse(text)).filter((id) => !own.has(id)));
      ids.splice(0, Math.max(0, ids.length - 200));
    }
  }
  // Fewer would mean that all is refused at the door.
  expect(seen.get(200) ?? 0, JSON.stringify([...seen])).toBeGreaterThan(calls / 20);
  expect(server.logs().filter((line) => line.includes("a fault of ours"))).toEqual([]);
}, 600_000);
