import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type RunningServer } from "../support/server.ts";
import { publicEndpoints, type PublicEndpoint } from "./public-endpoints.ts";
import { sendRaw, type RawAnswer, type RawRequest } from "./raw-request.ts";

const cases = 2_000;

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server?.stop();
});

/** Text that parsers stumble over. */
const awkward = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.string({ unit: "grapheme", maxLength: 50 }),
  fc.constantFrom(
    "",
    "\u0000",
    "\u{10FFFF}",
    "\uFEFF",
    "../../etc/passwd",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "__proto__",
    "constructor",
    "NaN",
    "-1",
    "1e400",
    "9".repeat(400),
    "%",
    "%zz",
    "%ff%fe",
    "=&=&",
    "a".repeat(10_000),
    "javascript:alert(1)",
    "//evil.example",
  ),
  fc.base64String({ maxLength: 300 }),
);

const nameFor = (endpoint: PublicEndpoint) =>
  endpoint.parameters.length === 0
    ? awkward
    : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...endpoint.parameters) }, { weight: 1, arbitrary: awkward });

const formBody = (endpoint: PublicEndpoint) =>
  fc
    .array(fc.tuple(nameFor(endpoint), awkward, fc.boolean()), { maxLength: 8 })
    .map((pairs) =>
      pairs
        .map(([name, value, encoded]) =>
          encoded ? `${encodeLoosely(name)}=${encodeLoosely(value)}` : `${name}=${value}`,
        )
        .join("&"),
    );

/** Lone surrogates have no UTF-8: they are sent as the replacement character. */
const encodeLoosely = (text: string): string => encodeURIComponent(text.toWellFormed());

/** Stands for the credential of an administrator until a request is sent. */
const adminCredential = "Bearer ADMIN";

const deep = (depth: number) => `${'{"a":['.repeat(depth)}${"]}".repeat(depth)}`;
const jsonBody = (endpoint: PublicEndpoint) =>
  fc.oneof(
    fc.array(fc.tuple(nameFor(endpoint), fc.jsonValue({ maxDepth: 4 })), { maxLength: 6 }).map(
      (members) =>
        // Written by hand, so that members may come twice.
        `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(",")}}`,
    ),
    fc.json(),
    awkward,
    fc.constantFrom("{", "[]", "null", '"', '{"a":1,}', deep(50), deep(5_000), '{"__proto__":{"x":1}}', "1e999"),
  );

const binaryBody = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
const bigBody = fc.constantFrom(70_000, 1_100_000, 2_500_000).map((length) => Buffer.alloc(length, "a"));

const contentTypes = [
  "application/x-www-form-urlencoded",
  "application/json",
  "application/proto",
  "application/grpc-web+proto",
  "application/json; charset=utf-16",
  "multipart/form-data; boundary=x",
  "text/plain",
  "",
];

/** Header values that HTTP lets through: the rest never leaves the client. */
const headerText = awkward.map((text) => text.replaceAll(/[^\x20-\x7e\x80-\xff]/g, "").slice(0, 4_000));

const headers = fc.record(
  {
    cookie: fc.oneof(
      headerText,
      headerText.map((text) => `koder_session=${text}; koder_browser=${text}; koder_session=x`),
    ),
    authorization: fc.oneof(
      headerText,
      headerText.map((text) => `Bearer ${text}`),
      headerText.map((text) => `Basic ${Buffer.from(text, "latin1").toString("base64")}`),
      // The first API key, put in where it is known: behind it lies every check of the services.
      fc.constantFrom(adminCredential),
      fc.constantFrom(adminCredential),
      fc.constantFrom(
        "Bearer kak_x",
        "Bearer krt_x",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
        "Bearer eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uIn0.eyJ0ZW5hbnRfaWQiOiJ4In0.AAAA",
        "Basic",
        "Basic Og==",
        "Basic JTAwOiUwMA==",
      ),
    ),
    host: fc.constantFrom("evil.example", "localhost", "", "localhost:99999", "a b", "[::1", "x".repeat(300)),
    accept: fc.constantFrom("text/html", "application/json", "*/*", ""),
    "accept-language": headerText,
    "x-koder-tenant": headerText,
    "x-koder-service-token": headerText,
    "x-koder-actor": headerText,
    "x-forwarded-host": headerText,
    "content-encoding": fc.constantFrom("gzip", "br", "x"),
    "connect-protocol-version": fc.constantFrom("1", "2", ""),
    "connect-timeout-ms": fc.constantFrom("0", "-1", "99999999999999999999", "x"),
    "if-none-match": headerText,
    origin: headerText,
  },
  { requiredKeys: [] },
);

const attack: fc.Arbitrary<{ endpoint: PublicEndpoint; raw: RawRequest }> = fc
  .constantFrom(...publicEndpoints)
  .chain((endpoint) =>
    fc
      .record({
        method: fc.oneof(
          { weight: 9, arbitrary: fc.constant(endpoint.method as string) },
          { weight: 1, arbitrary: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PROPFIND") },
        ),
        query: fc.oneof(fc.constant(""), formBody(endpoint)),
        tail: fc.oneof(
          { weight: 12, arbitrary: fc.constant("") },
          { weight: 1, arbitrary: fc.constantFrom("/", "/..", "//", "%2f..", "/%2e%2e/x", "%00", ";x", "\\x", "/%ff") },
        ),
        contentType: fc.constantFrom(...contentTypes),
        body: fc.oneof(
          { weight: 6, arbitrary: formBody(endpoint).map((text) => Buffer.from(text.toWellFormed(), "utf8")) },
          { weight: 6, arbitrary: jsonBody(endpoint).map((text) => Buffer.from(text.toWellFormed(), "utf8")) },
          { weight: 3, arbitrary: binaryBody },
          { weight: 2, arbitrary: fc.constant(Buffer.alloc(0)) },
          { weight: 1, arbitrary: bigBody },
        ),
        headers,
      })
      .map(({ method, query, tail, contentType, body, headers: sent }) => ({
        endpoint,
        raw: {
          method,
          path: pathOf(endpoint.path + tail, query),
          headers: { ...sent, ...(contentType === "" ? {} : { "content-type": contentType }) },
          body: method === "GET" || method === "HEAD" ? Buffer.alloc(0) : body,
        },
      })),
  );

/** node:http refuses to send spaces and controls in a path: they are left as their escapes, the rest stays raw. */
function pathOf(path: string, query: string): string {
  const whole = query === "" ? path : `${path}?${query}`;
  return whole
    .toWellFormed()
    .replaceAll(/[^\x21-\x7e]/gu, (character) => encodeURIComponent(character))
    .slice(0, 8_000);
}

/** Nothing of ours went wrong meanwhile. */
function expectNoFault(): void {
  const faults = /"reason":"INTERNAL"|"level":(50|60)|"level":"(error|fatal)"/;
  expect(server.logs().filter((line) => faults.test(line))).toEqual([]);
}

/** Every error name that an answer carries, whatever its form. */
function reasonsIn({ headers: sent, body }: RawAnswer): string[] {
  if (!String(sent["content-type"]).includes("json") || body === "") return [];
  const parsed: unknown = JSON.parse(body);
  if (typeof parsed !== "object" || parsed === null) return [];
  const { error, code, details } = parsed as { error?: unknown; code?: unknown; details?: unknown };
  if (typeof error === "string") return [error];
  if (typeof error === "object" && error !== null && "reason" in error) return [String(error.reason)];
  if (typeof code === "string") {
    const infos = Array.isArray(details) ? (details as { type?: string; debug?: { reason?: string } }[]) : [];
    const reasons = infos.flatMap(({ type, debug }) => (type === "google.rpc.ErrorInfo" ? [debug?.reason ?? ""] : []));
    return reasons.length > 0 ? reasons : [code];
  }
  return [];
}

const traces = /\bat [\w.<>]+ \(|node:internal|\.ts:\d+:\d+|node_modules|SQLITE|Error:/;

/** Connect's own codes for what no handler ever sees: an unknown method, a bad time-out. */
const connectCodes = ["unimplemented", "deadline_exceeded", "unknown"];

/**
 * What the protocol itself answers before a handler is reached, with HTTP statuses of 500 and more by its own table: an unknown
 * compression, a time-out of nothing.
 */
const saidByConnect =
  /^\{"code":"(?:unimplemented","message":"the request cannot be read: unknown compression |deadline_exceeded")/;

/** What a parameter may be that no client means, in a form and in JSON. Lengths stay below what a request line may have. */
const awkwardParameters = {
  "sent twice": { form: (name) => `${name}=1&${name}=2`, json: (name) => Buffer.from(`{"${name}":1,"${name}":2}`) },
  empty: { form: (name) => `${name}=`, json: (name) => Buffer.from(`{"${name}":""}`) },
  oversized: {
    form: (name) => `${name}=${"a".repeat(7_500)}`,
    json: (name) => Buffer.from(`{"${name}":"${"a".repeat(7_500)}"}`),
  },
  "not UTF-8": {
    form: (name) => `${name}=%ff%fe`,
    json: (name) => Buffer.concat([Buffer.from(`{"${name}":"`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  },
} satisfies Record<string, { form: (name: string) => string; json: (name: string) => Buffer }>;

/** Pages that show an empty form where what should fill it cannot be read. */
const passesOver = ({ method, path }: PublicEndpoint) =>
  method === "GET" && ["/device", "/reset", "/verify"].includes(path);

describe.each(Object.keys(awkwardParameters) as (keyof typeof awkwardParameters)[])("A27: a parameter %s", (what) => {
  test("is answered by every endpoint that knows it", { timeout: 120_000 }, async () => {
    for (const endpoint of publicEndpoints) {
      const { method, path, forms, reasons } = endpoint;
      const takesForms = !/^\/(?:v1|koder\.|grpc\.|oauth\/v2\/register)/.test(path);
      const inQuery = method === "GET" || method === "DELETE";
      const isOurs = /^\/(?:v1|koder\.)/.test(path);
      const sendOne = async (name: string): Promise<void> => {
        const { form, json } = awkwardParameters[what];
        const body = takesForms ? Buffer.from(form(name)) : json(name);
        const sent = await sendRaw(server.url, {
          method,
          path: inQuery ? `${path}?${form(name)}` : path,
          headers: {
            ...(isOurs ? { authorization: `Bearer ${server.adminApiKey}` } : {}),
            ...(takesForms
              ? { "content-type": "application/x-www-form-urlencoded" }
              : { "content-type": "application/json" }),
          },
          body: inQuery ? Buffer.alloc(0) : body,
        });
        const location = String(sent.headers["location"] ?? "");
        // The end session endpoint sends a form on to a GET with the same parameters.
        const isSentOn = sent.status === 303 && location.startsWith(`${path}?`);
        const answer = isSentOn
          ? await sendRaw(server.url, { method: "GET", path: location, headers: {}, body: Buffer.alloc(0) })
          : sent;
        const said = `${method} ${path} ${name}: ${answer.status} ${answer.body.slice(0, 300)}`;
        expect(answer.status, said).toBeLessThan(500);
        if (answer.status >= 400) expect(answer.body, said).not.toBe("");
        expect(answer.body).not.toMatch(traces);
        const allowed = forms.includes("connect") ? [...reasons, ...connectCodes] : reasons;
        for (const reason of reasonsIn(answer)) expect(allowed, said).toContain(reason);
        if (passesOver(endpoint)) return;
        if (what === "not UTF-8") expect(answer.status, said).toBeGreaterThanOrEqual(400);
        // Which of two members of JSON counts is JSON's affair (RFC 8259 §4); parameters come once, but for `resource`.
        if (what === "sent twice" && (inQuery || takesForms)) {
          expect(answer.status, said).toBeGreaterThanOrEqual(400);
          if (forms.includes("oauth") && answer.status === 400 && answer.body.startsWith("{")) {
            expect(answer.body, said).toContain(name);
          }
        }
      };
      await Promise.all(endpoint.parameters.map(sendOne));
    }
    expectNoFault();
  });
});

describe("A27: whatever is sent, the answer is one of the endpoint's own", () => {
  test(`${cases} malformed requests over every public endpoint`, { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(attack, async ({ endpoint, raw }) => {
        const { authorization } = raw.headers;
        const known = authorization === adminCredential ? { authorization: `Bearer ${server.adminApiKey}` } : {};
        const answer = await sendRaw(server.url, { ...raw, headers: { ...raw.headers, ...known } });
        expect(answer.status, "status").toBeGreaterThanOrEqual(200);
        const byConnect = endpoint.forms.includes("connect") && saidByConnect.test(answer.body);
        if (!byConnect) expect(answer.status, answer.body).toBeLessThan(500);
        expect(answer.body).not.toMatch(traces);
        const allowed = endpoint.forms.includes("connect") ? [...endpoint.reasons, ...connectCodes] : endpoint.reasons;
        for (const reason of byConnect ? [] : reasonsIn(answer)) {
          expect(allowed, `${raw.method} ${raw.path}`).toContain(reason);
        }
        // Connect answers a wrong HTTP method or content type by status and header alone.
        const bare = endpoint.forms.includes("connect") && (answer.status === 405 || answer.status === 415);
        if (answer.status >= 400 && raw.method !== "HEAD" && !bare) {
          expect(answer.body, "an error says what was wrong").not.toBe("");
        }
      }),
      { numRuns: cases },
    );
    expectNoFault();
    const alive = await fetch(`${server.url}/.well-known/openid-configuration`);
    expect(alive.status).toBe(200);
  });
});
