import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duplicatesOf, MalformedForm, parseForm } from "./form.ts";

describe("forms", () => {
  const plain = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));

  test("what a browser sends is read as it was typed", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(plain, plain), { maxLength: 50 }), (pairs) => {
        const form = parseForm(new URLSearchParams(pairs).toString());
        expect(form.pairs).toEqual(pairs);
        for (const [name] of pairs) expect(form.get(name)).toBe(pairs.find(([other]) => other === name)?.[1]);
      }),
    );
  });

  test("whatever is sent, it is a form or MalformedForm", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        try {
          for (const [name, value] of parseForm(text).pairs) {
            expect(`${name}${value}`.isWellFormed()).toBe(true);
            expect(`${name}${value}`).not.toContain("\0");
          }
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedForm);
        }
      }),
    );
  });

  test("every parameter that came twice is named, but resource", () => {
    const form = parseForm("a=1&b=2&a=3&resource=x&resource=y&a=4");
    expect(duplicatesOf(form)).toEqual(["a"]);
    expect(form.get("a")).toBe("1");
    expect(form.has("c")).toBe(false);
  });

  test.each(["a=%", "a=%zz", "a=%ff", "%c3%28=1", "a=%00", "a&".repeat(101)])("%j is malformed", (text) => {
    expect(() => parseForm(text)).toThrow(MalformedForm);
  });

  test.each([
    ["a=1&scope=%ff", "scope: a percent escape is broken, or is not UTF-8"],
    ["a=1&scope=%", "scope: a percent escape is broken, or is not UTF-8"],
    ["scope=%00", "scope: holds NUL or is not UTF-8"],
    ["sc%C3%B6pe=%ff", "sc?pe: a percent escape is broken, or is not UTF-8"],
    ["%ff=1", "the name of a parameter: a percent escape is broken, or is not UTF-8"],
  ])("%j: the message names the parameter", (text, message) => {
    expect(() => parseForm(text)).toThrow(message);
  });
});
