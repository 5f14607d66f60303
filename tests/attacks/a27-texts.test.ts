import { getOption, hasOption, ScalarType, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { field as fieldOption, type FieldRules } from "@bufbuild/protovalidate/gen/buf/validate/validate_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { access, Target } from "../../gen/ts/koder/options/v1/access_pb.ts";
import { publicServices } from "../../services/gateway/public-services.ts";
import { resolveLocalNames } from "../support/localhost-names.ts";
import { rest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { alternatives, examples, type Example } from "./a14/examples.ts";
import { publicCalls, type PublicCall } from "./a14/resource-fields.ts";
import { tenantSide, type TenantSide } from "./a14/tenant-side.ts";

// Made from the contract: every text that a call takes, at whatever depth, is sent as one that no store keeps or finds again,
// and as the longest one in bytes that its rules let through. Either is taken or refused by name; neither is a fault of ours.

type Json = Readonly<Record<string, unknown>>;

/** A text of a request, and how many characters it may have. */
interface Text {
  readonly way: readonly DescField[];
  readonly longest: number;
}

function textsOf(message: DescMessage, before: readonly DescField[] = []): readonly Text[] {
  return message.fields.flatMap((field): readonly Text[] => {
    const way = [...before, field];
    if (field.message !== undefined) {
      const isOurs = field.fieldKind !== "map" && field.message.typeName.startsWith("koder.");
      return isOurs && !before.includes(field) ? textsOf(field.message, way) : [];
    }
    const isText = field.fieldKind !== "enum" && field.scalar === ScalarType.STRING;
    return isText ? [{ way, longest: longestOf(field) }] : [];
  });
}

function longestOf(field: DescField): number {
  const rules = hasOption(field, fieldOption) ? getOption(field, fieldOption) : undefined;
  const inside: Readonly<Record<string, FieldRules | undefined>> = {
    list: rules?.type.case === "repeated" ? rules.type.value.items : undefined,
    map: rules?.type.case === "map" ? rules.type.value.values : undefined,
  };
  const own = field.fieldKind === "list" || field.fieldKind === "map" ? inside[field.fieldKind] : rules;
  return own?.type.case === "string" ? Number(own.type.value.maxLen || own.type.value.len || 100n) : 100;
}

/** The request with a text at a place, which its mask names, whatever stood there. */
function requestWith(request: Json, way: readonly DescField[], text: string): Json {
  const [, changed] = way;
  const mask = changed === undefined || request["updateMask"] === undefined ? {} : { updateMask: changed.jsonName };
  return { ...withText(request, way, text), ...mask };
}

function withText(request: Json, [field, ...inner]: readonly DescField[], text: string): Json {
  if (field === undefined) return request;
  const { jsonName, fieldKind } = field;
  const inside: unknown = inner.length === 0 ? text : withText(messageAt(request[jsonName]), inner, text);
  const value = fieldKind === "list" ? [inside] : fieldKind === "map" ? { a: inside, [text]: "a" } : inside;
  return { ...request, [jsonName]: value };
}

function messageAt(value: unknown): Json {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === "object" && first !== null ? (first as Json) : {};
}

const calls = publicCalls(publicServices).filter(({ method }) => textsOf(method.input).length > 0);

/** What a call of the instance is about. */
const ofInstance: Example = async ({ id }) => ({ tenantId: id, domain: "acme.example", tenant: {}, updateMask: "*" });

let server: RunningServer;
let side: TenantSide;
beforeAll(async () => {
  resolveLocalNames();
  server = await startServer({ env: { KODER_ID_RATE_LIMIT: "off", KODER_ID_RATE_LIMIT_SIGN_IN: "off" } });
  const permissions = calls.map(({ method }) => getOption(method, access).permission);
  side = await tenantSide(
    server,
    [...new Set(permissions)].filter((permission) => permission !== ""),
  );
});
afterAll(() => server?.stop());

function credentialFor({ target }: PublicCall): string {
  if (target === Target.INSTANCE) return server.adminApiKey;
  return target === Target.SELF ? side.person.token : side.owner;
}

describe("A27: a text that cannot be kept is no fault of ours", () => {
  test("the walk sees the texts", () => {
    expect(calls.flatMap(({ method }) => textsOf(method.input)).length).toBeGreaterThan(200);
  });

  test.each(calls)("$name", async (call) => {
    const { name, method } = call;
    const instance = call.target === Target.INSTANCE ? { ...server } : side;
    const made = [examples[name] ?? ofInstance, ...(alternatives[name] ?? [])];
    const faults: string[] = [];
    for (const example of made) {
      const known = new Set(method.input.fields.map(({ jsonName }) => jsonName));
      const request = Object.fromEntries(Object.entries(await example(side)).filter(([member]) => known.has(member)));
      for (const { way, longest } of textsOf(method.input)) {
        for (const text of ["a\0b", "\0".repeat(longest), "a\ud800b", "€".repeat(longest), "😀".repeat(longest)]) {
          const sent = requestWith(request, way, text);
          const { status, json } = await rest(instance, "POST", `/${name}`, sent, credentialFor(call));
          const place = way.map((field) => field.name).join(".");
          if (status >= 500) faults.push(`${place} ${JSON.stringify(text.slice(0, 5))}: ${JSON.stringify(json)}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  test("and nothing of ours went wrong meanwhile", () => {
    expect(server.logs().filter((line) => line.includes("a fault of ours"))).toEqual([]);
  });
});
