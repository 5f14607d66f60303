import { ScalarType } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { rest } from "../../support/relying-party.ts";
import type { Example } from "./examples.ts";
import type { PublicCall } from "./resource-fields.ts";
import type { TenantSide } from "./tenant-side.ts";

/** What would say something else than itself, where it stood in a statement or a pattern. */
const hostile = ["' OR '1'='1' --", '"; DROP TABLE identity_users; --', "%", "_"] as const;
/** What nobody is called. */
const harmless = "nobodysname";

/** The texts that a call which only reads is asked by: filters, names and ids, but for page tokens, which are authenticated. */
const textsOf = ({ method }: PublicCall): readonly string[] =>
  method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
    ? method.input.fields
        .filter((field) => field.fieldKind === "scalar" && field.scalar === ScalarType.STRING)
        .filter(({ name }) => name !== "page_token")
        .map(({ jsonName }) => jsonName)
    : [];

/** Every call that only reads, by texts that try to be more: they are refused, or nothing is found by them. */
export function injectionSuite(
  calls: readonly PublicCall[],
  examples: Readonly<Record<string, Example>>,
  sideOf: () => TenantSide,
): void {
  const asked = calls.flatMap((call) => {
    const fields = textsOf(call);
    return fields.length === 0 ? [] : [{ name: call.name, fields }];
  });

  describe("A22: a text is nothing but a text", () => {
    test("the walk sees the filters", () => {
      expect(asked.flatMap(({ fields }) => fields).length).toBeGreaterThan(30);
    });

    test.each(asked)("$name", async ({ name, fields }) => {
      const side = sideOf();
      const request = (await examples[name]?.(side)) ?? {};
      const answer = async (field: string, text: string) => {
        const { status, json } = await rest(side, "POST", `/${name}`, { ...request, [field]: text }, side.owner);
        return { status, said: JSON.stringify(json) };
      };
      for (const field of fields) {
        const usual = await answer(field, harmless);
        const answers = await Promise.all(hostile.map((text) => answer(field, text)));
        for (const [at, { status, said }] of answers.entries()) {
          const shown = `${field} ${hostile[at]}: ${said}`;
          if (status === 200) expect([status, said], shown).toEqual([usual.status, usual.said]);
          else expect([400, 404], shown).toContain(status);
        }
      }
    });

    test("and everything is where it was", async () => {
      const { url, adminApiKey, person } = sideOf();
      const { json } = await rest({ url, adminApiKey }, "GET", `/v1/users/${person.id}`);
      expect(json["username"]).toBe(person.username);
    });
  });
}
