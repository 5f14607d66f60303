import { randomBytes } from "node:crypto";
import { getOption } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { access, Target } from "../../gen/ts/koder/options/v1/access_pb.ts";
import { publicServices } from "../../services/gateway/public-services.ts";
import { restBindings, type RestBinding } from "../../services/gateway/rest/http-rule.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import type { RunningServer } from "../support/server.ts";
import { inMemory, inOneProcess, onPostgres } from "../support/shapes.ts";
import { alternatives, examples, leftOut, refusedAnyway, type Example } from "./a14/examples.ts";
import { everyMethodSuite } from "./a14/every-method-suite.ts";
import { injectionSuite } from "./a14/injection-suite.ts";
import { publicCalls, type PublicCall } from "./a14/resource-fields.ts";
import { restCall, type RestCall } from "./a14/rest-calls.ts";
import { tenantSide, type TenantSide } from "./a14/tenant-side.ts";

// Made from the contract: every call, as an RPC and by each of its REST routes, and every field of it that names a resource, with the credential of one tenant and the id
// of another's. The answer is that to an id that nobody has, and afterwards what is there works as before. Each call is also
// made by whoever has not the right (A14), and those that read, by texts that try to be more (A22).

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

describe.each([inOneProcess, inMemory, onPostgres])("$name", ({ start }) => {
  let server: RunningServer;
  let ours: TenantSide;
  let theirs: TenantSide;
  beforeAll(async () => {
    resolveLocalNames();
    server = await start();
    const permissions = calls.map(({ method }) => getOption(method, access).permission);
    const every = [...new Set(permissions)].filter((permission) => permission !== "");
    [ours, theirs] = await Promise.all([tenantSide(server, every), tenantSide(server, every)]);
  });
  afterAll(() => server?.stop());

  everyMethodSuite(() => server);
  injectionSuite(ofTenants, examples, () => ours);

  test("every call has an example: a new one needs a line in a14/examples.ts", () => {
    expect(Object.keys(examples).toSorted()).toEqual(ofTenants.map(({ name }) => name).toSorted());
  });

  describe.each(ofTenants)("A14: $name", (call) => {
    const { name, fields, method } = call;
    const made: readonly Example[] = [examples[name], ...(alternatives[name] ?? [])].filter(
      (example) => example !== undefined,
    );
    const routes = restBindings(method);

    test("reaches nothing of another tenant, by whatever field or route, and nothing without a right", async () => {
      const named = new Set(fields.filter((field) => leftOut[`${name} ${field}`] !== undefined));
      for (const [number, example] of made.entries()) {
        const [mine, other] = await Promise.all([example(ours), example(theirs)]);
        for (const field of fields) {
          if (at(mine, field) !== undefined) named.add(field);
          await reachesNothing(field, example, mine, other);
        }
        await isRefusedToStrangers(mine);
        const ofExample = number === 0 ? routes : [];
        for (const route of ofExample) await reachesNothingBy(route, mine, other);
        // What was reached for is there, and so is one's own: by its route, where it has one.
        const theirsWorks = works(theirs, other, send(theirs, name, other, credentialFor(call, theirs)));
        // On `/v1/me` it would be done to the person whom all these tests share.
        const [first, ...more] = ofExample.filter(({ ownField }) => ownField === undefined);
        const credential = credentialFor(call, ours);
        const answer =
          first === undefined ? send(ours, name, mine, credential) : sendRest(ours, restCall(first, mine), credential);
        await Promise.all([theirsWorks, works(ours, mine, answer)]);
        for (const route of more) {
          const another = await example(ours);
          await works(ours, another, sendRest(ours, restCall(route, another), credential));
        }
      }
      expect([...named].toSorted(), "a field without an example needs one in a14/examples.ts").toEqual(
        fields.toSorted(),
      );
    });

    async function reachesNothing(field: string, example: Example, mine: Json, other: Json): Promise<void> {
      const stolen = at(other, field);
      if (stolen === undefined) return;
      expect(stolen, field).not.toEqual(at(mine, field));
      const absent = nobodys(stolen);
      const credential = credentialFor(call, ours);
      const asked = async (value: unknown) => {
        // What is created twice would be refused for that.
        const request = name.includes("/Create") ? await example(ours) : mine;
        return send(ours, name, withValue(request, field, value), credential);
      };
      // One after the other: a change that is made twice at once is refused for that.
      const [answer, usual] = [await asked(stolen), await asked(absent)];
      expect(saidBy(answer, stolen), field).toEqual(saidBy(usual, absent));
      expect(answer.body).not.toContain(theirs.marker);
    }

    /** Another tenant's credential is none here; a person may do no more than concerns themselves. */
    async function isRefusedToStrangers(mine: Json): Promise<void> {
      const isOwn = at(mine, "userId") === ours.person.id;
      const refused: readonly (readonly [credential: string | undefined, status: number])[] = [
        [theirs.owner, 401],
        [theirs.person.token, 401],
        ...(routes.length === 0 ? [] : [[undefined, 401] as const]),
        ...(isOwn ? [] : [[ours.person.token, 403] as const]),
      ];
      const answers = await Promise.all(refused.map(([credential]) => send(ours, name, mine, credential)));
      expect(answers.map(({ status }) => status)).toEqual(refused.map(([, status]) => status));
    }

    async function reachesNothingBy(route: RestBinding, mine: Json, other: Json): Promise<void> {
      const shown = `${route.verb} ${route.path}`;
      const credential = route.ownField === undefined ? credentialFor(call, ours) : ours.person.token;
      const inPath = route.pathFields.filter(({ jsonName }) => fields.includes(jsonName));
      for (const { jsonName, name: field } of inPath) {
        const stolen = other[jsonName];
        const absent = nobodys(stolen);
        const asked = (id: unknown) => sendRest(ours, restCall(route, { ...mine, [jsonName]: id }), credential);
        const [answer, usual] = [await asked(stolen), await asked(absent)];
        expect(saidByRest(answer, stolen), `${shown} ${field}`).toEqual(saidByRest(usual, absent));
        expect(answer.body).not.toContain(theirs.marker);
        // What stands in the path stands nowhere else.
        if (route.body !== "*") continue;
        const { body, ...rest } = restCall(route, mine);
        const twice = await sendRest(ours, { ...rest, body: { ...body, [field]: stolen } }, credential);
        expect([twice.status, twice.body], shown).toEqual([400, expect.stringContaining(field)]);
      }
      const strangers = [undefined, theirs.owner, theirs.person.token];
      const answers = await Promise.all(strangers.map((one) => sendRest(ours, restCall(route, mine), one)));
      expect(
        answers.map(({ status }) => status),
        shown,
      ).toEqual([401, 401, 401]);
    }

    async function works({ slug }: TenantSide, request: Json, answer: Promise<Answer>): Promise<void> {
      const { status, body } = await answer;
      const refused = refusedAnyway[name];
      const shown = `${slug} ${JSON.stringify(request)}: ${body}`;
      if (refused === undefined) expect(status, shown).toBe(200);
      else expect(body).toContain(refused);
    }
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
