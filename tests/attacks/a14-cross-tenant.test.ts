import { randomBytes } from "node:crypto";
import { getOption } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { access, Target } from "../../gen/ts/koder/options/v1/access_pb.ts";
import { publicServices } from "../../services/gateway/public-services.ts";
import { restBindings } from "../../services/gateway/rest/http-rule.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import type { RunningServer } from "../support/server.ts";
import { inMemory, inOneProcess, onPostgres } from "../support/shapes.ts";
import { alternatives, examples, leftOut, refusedAnyway, type Example } from "./a14/examples.ts";
import { publicCalls, type PublicCall } from "./a14/resource-fields.ts";
import { restCall, type RestCall } from "./a14/rest-calls.ts";
import { tenantSide, type TenantSide } from "./a14/tenant-side.ts";

// Made from the contract: every call, as an RPC and by each of its REST routes, and every field of it that names a resource, with the credential of one tenant and the id
// of another's. The answer is that to an id that nobody has (K12), and afterwards what is there works as before.

const calls = publicCalls(publicServices);
const ofTenants = calls.filter(({ target }) => target !== Target.INSTANCE && target !== Target.UNSPECIFIED);
const ofInstance = calls.filter(({ target }) => target === Target.INSTANCE);

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function send(
  side: Pick<TenantSide, "url">,
  name: string,
  request: object,
  credential?: string,
): Promise<Answer> {
  const response = await fetch(`${side.url}/${name}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
    },
    body: JSON.stringify(request),
  });
  return { status: response.status, body: await response.text() };
}

/** The same by a REST route. */
async function sendRest({ url }: Pick<TenantSide, "url">, call: RestCall, credential?: string): Promise<Answer> {
  const response = await fetch(`${url}${call.path}`, {
    method: call.method,
    headers: {
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }),
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  return { status: response.status, body: await response.text() };
}

/** What a REST answer says, likewise: an error has an id of its own each time. */
function saidByRest({ status, body }: Answer, asked: unknown): unknown {
  const { error } = JSON.parse(body) as { readonly error?: Json };
  const said = error === undefined ? body : JSON.stringify({ ...error, id: "" });
  return [status, said.replaceAll(String(asked), "<id>")];
}

/** Whom the call is for: an administrator of the tenant, or where it concerns oneself alone, a person. */
const credentialFor = ({ target }: PublicCall, { owner, person }: TenantSide) =>
  target === Target.SELF ? person.token : owner;

type Json = Record<string, unknown>;
const at = (request: Json, path: string): unknown =>
  path.split(".").reduce<unknown>((value, name) => (value as Json | undefined)?.[name], request);
function withValue(request: Json, path: string, value: unknown): Json {
  const [first = "", ...rest] = path.split(".");
  if (rest.length === 0) return { ...request, [first]: value };
  return { ...request, [first]: withValue(request[first] as Json, rest.join("."), value) };
}

/** An id of the same form that nobody has. */
function nobodys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(nobodys);
  const text = String(value);
  if (/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) {
    const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    return `01${Array.from(randomBytes(24), (byte) => letters[byte % 32]).join("")}`;
  }
  return `nobody-${randomBytes(8).toString("hex")}`;
}

/** What an answer says, with the ids that were asked about taken out. */
function saidBy({ status, body }: Answer, asked: unknown): unknown {
  let text = body;
  for (const id of [asked].flat()) text = text.replaceAll(String(id), "<id>");
  if (status === 200) return [status];
  const { code, message, details } = JSON.parse(text) as Json;
  const [info] = (details ?? []) as readonly { readonly debug?: { readonly reason?: string } }[];
  return [status, code, message, info?.debug?.reason];
}

describe.each([inOneProcess, inMemory, onPostgres])("$name", ({ name: shape, start }) => {
  let server: RunningServer;
  let ours: TenantSide;
  let theirs: TenantSide;
  beforeAll(async () => {
    resolveLocalNames();
    server = await start();
    const permissions = calls.map(({ method }) => getOption(method, access).permission);
    const every = [...new Set(permissions)].filter((permission) => permission !== "");
    [ours, theirs] = [await tenantSide(server, every), await tenantSide(server, every)];
  });
  afterAll(() => server?.stop());

  test("every call has an example with every field that names a resource: a new one needs a line in a14/examples.ts", async () => {
    expect(Object.keys(examples).toSorted()).toEqual(ofTenants.map(({ name }) => name).toSorted());
    for (const { name, fields } of ofTenants) {
      const all = [examples[name], ...(alternatives[name] ?? [])];
      const made = await Promise.all(all.map(async (example) => example?.(ours)));
      for (const field of fields) {
        if (leftOut[`${name} ${field}`] !== undefined) continue;
        expect(
          made.some((request) => request !== undefined && at(request, field) !== undefined),
          `${name} ${field}`,
        ).toBe(true);
      }
    }
  });

  describe.each(ofTenants)("A14: $name", (call) => {
    const { name, fields } = call;
    const made: readonly Example[] = [examples[name], ...(alternatives[name] ?? [])].filter(
      (example) => example !== undefined,
    );

    test("reaches nothing of another tenant, by whatever field, and nothing without a right", async () => {
      for (const example of made) {
        const [mine, other] = [await example(ours), await example(theirs)];
        for (const field of fields) {
          const stolen = at(other, field);
          if (stolen === undefined) continue;
          expect(stolen, field).not.toEqual(at(mine, field));
          const absent = nobodys(stolen);
          const credential = credentialFor(call, ours);
          // What is created twice would be refused for that.
          const another = async () => (name.includes("/Create") ? example(ours) : mine);
          const answer = await send(ours, name, withValue(await another(), field, stolen), credential);
          const usual = await send(ours, name, withValue(await another(), field, absent), credential);
          expect(saidBy(answer, stolen), field).toEqual(saidBy(usual, absent));
          expect(answer.body).not.toContain(theirs.marker);
        }
        // Another tenant's credential is none here; a person may do no more than concerns themselves.
        expect((await send(ours, name, mine)).status).toBe(401);
        for (const credential of [theirs.owner, theirs.person.token]) {
          expect((await send(ours, name, mine, credential)).status).toBe(401);
        }
        const isOwn = at(mine, "userId") === ours.person.id;
        if (!isOwn) expect((await send(ours, name, mine, ours.person.token)).status).toBe(403);
        // What was reached for is there, and so is one's own.
        for (const [side, request] of [
          [theirs, other],
          [ours, mine],
        ] as const) {
          const { status, body } = await send(side, name, request, credentialFor(call, side));
          const refused = refusedAnyway[name];
          if (refused === undefined) expect(status, body).toBe(200);
          else expect(body).toContain(refused);
        }
      }
    });
  });

  // The routes lead to the same handlers, whatever keeps the data.
  const routed = shape === inOneProcess.name ? ofTenants : [];
  describe.each(routed)("A14: the REST routes of $name", (call) => {
    const { name, method } = call;
    const example = examples[name];

    test.each(restBindings(method))(
      "$verb $path reaches nothing of another tenant, and no other id than the path's",
      async (binding) => {
        if (example === undefined) throw new Error(`${name} has no example`);
        const [mine, other] = [await example(ours), await example(theirs)];
        const credential = binding.ownField === undefined ? credentialFor(call, ours) : ours.person.token;
        const named = binding.pathFields.filter(({ jsonName }) => call.fields.includes(jsonName));
        for (const { jsonName, name: field } of named) {
          const stolen = other[jsonName];
          const absent = nobodys(stolen);
          const answer = await sendRest(ours, restCall(binding, { ...mine, [jsonName]: stolen }), credential);
          const usual = await sendRest(ours, restCall(binding, { ...mine, [jsonName]: absent }), credential);
          expect(saidByRest(answer, stolen), field).toEqual(saidByRest(usual, absent));
          expect(answer.body).not.toContain(theirs.marker);
          // What stands in the path stands nowhere else.
          const { body, ...asked } = restCall(binding, mine);
          if (binding.body !== "*") continue;
          const twice = await sendRest(ours, { ...asked, body: { ...body, [field]: stolen } }, credential);
          expect([twice.status, twice.body]).toEqual([400, expect.stringContaining(field)]);
        }
        expect((await sendRest(ours, restCall(binding, mine))).status).toBe(401);
        for (const stranger of [theirs.owner, theirs.person.token]) {
          expect((await sendRest(ours, restCall(binding, mine), stranger)).status).toBe(401);
        }
        // On `/v1/me` it would be done to the person whom all these tests share.
        if (binding.ownField !== undefined) return;
        const { status, body } = await sendRest(ours, restCall(binding, mine), credential);
        const refused = refusedAnyway[name];
        if (refused === undefined) expect(status, body).toBe(200);
        else expect(body).toContain(refused);
      },
    );
  });

  describe.each(ofInstance)("A32: $name", ({ name }) => {
    test("is for nobody in a tenant, whatever they may do there", async () => {
      for (const credential of [ours.owner, ours.person.token]) {
        const answer = await send(ours, name, { tenantId: theirs.id }, credential);
        expect([answer.status, answer.body]).toEqual([403, expect.stringContaining("PERMISSION_DENIED")]);
      }
    });
  });
});
