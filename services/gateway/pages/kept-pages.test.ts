import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeptPages, type Shown } from "./kept-pages.ts";

const escaped = (text: unknown): string =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&#34;");
const render = (shown: Shown): string =>
  `<h1>${escaped(shown["name"])}</h1><input value="${escaped(shown["id"])}"><a href="/reset?a=${encodeURIComponent(String(shown["id"]))}">` +
  `<form data-options="${escaped(shown["options"])}">${shown["isOpen"] === true ? "open" : ""}`;

test("a page that was kept is what the template makes of it, whatever it shows", () => {
  const text = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[\w-]{20,45}$/),
    fc.constantFrom('"', '":', "a-long-name-of-a-member-there", '<b>a-long-name-of-a-member-there":</b>'),
  );
  const pages = createKeptPages({ mostKept: 3 });
  fc.assert(
    fc.property(text, text, text, fc.boolean(), (name, id, challenge, isOpen) => {
      const options = JSON.stringify({ challenge, "a-long-name-of-a-member-there": name });
      const shown = { name, id, options, isOpen, "a-long-name-of-another-member": id };
      expect(pages.page("sign-in", shown, render)).toBe(render(shown));
    }),
    { numRuns: 2_000 },
  );
});

test("one that differs in its tokens alone is rendered once, and has its own", () => {
  const pages = createKeptPages();
  let rendered = 0;
  const counted = (shown: Shown): string => {
    rendered += 1;
    return render(shown);
  };
  const shownTo = (n: number) => ({ name: "Shop", id: `token-${n}-of-more-than-22`, options: "", isOpen: false });
  for (const n of [1, 2, 3]) expect(pages.page("sign-in en", shownTo(n), counted)).toBe(render(shownTo(n)));
  expect(rendered).toBe(1);
  expect(pages.page("sign-in pt", shownTo(1), counted)).toBe(render(shownTo(1)));
  expect(pages.page("sign-in en", { ...shownTo(1), isOpen: true }, counted)).toContain("open");
  expect(rendered).toBe(3);
});

test("the oldest is forgotten beyond the most that are kept", () => {
  const pages = createKeptPages({ mostKept: 2 });
  let rendered = 0;
  const counted = (shown: Shown): string => `${(rendered += 1)} ${String(shown["name"])}`;
  for (const name of ["a", "b", "c", "b", "c"]) pages.page("sort", { name }, counted);
  expect(rendered).toBe(3);
  expect(pages.page("sort", { name: "a" }, counted)).toBe("4 a");
});
