import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

// What programs that drive the pages rely on: docs/authentication.md promises it.

const templates = new Map(
  globSync("*.liquid", { cwd: join(import.meta.dirname, "templates") }).map((file) => [
    file,
    readFileSync(join(import.meta.dirname, "templates", file), "utf8"),
  ]),
);
const attribute = (tag: string, name: string) => new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];

test("a field that is typed in has its name as its id", () => {
  const typed = [...templates.values()]
    .flatMap((html) => html.match(/<input\b[^>]*>/g) ?? [])
    .filter((tag) => !["hidden", "checkbox", "radio"].includes(attribute(tag, "type") ?? ""));
  expect(typed.length).toBeGreaterThan(8);
  for (const tag of typed) expect(attribute(tag, "id"), tag).toBe(attribute(tag, "name"));
});

test("whoever keeps passwords is told whose a new one is, by a field that is not of the type hidden", () => {
  const named = [...templates].filter(([, html]) => html.includes('render "kept-name"')).map(([file]) => file);
  expect(named.toSorted()).toEqual(["new-password.liquid", "reset-choose.liquid", "sign-up-choose.liquid"]);
  const all = [...templates.values()].flatMap((html) => html.match(/<input\b[^>]*>/g) ?? []);
  const names = all.filter((tag) => attribute(tag, "autocomplete")?.split(" ").includes("username"));
  expect(names.map((tag) => attribute(tag, "type"))).toEqual(names.map(() => "text"));
});

test.each(["consent.liquid", "device-confirm.liquid"])("%s is decided by two buttons", (file) => {
  const buttons = templates.get(file)?.match(/<button\b[^>]*>/g) ?? [];
  const said = buttons.map((tag) => `${attribute(tag, "name")}=${attribute(tag, "value")}`);
  expect(said.toSorted()).toEqual(["action=allow", "action=deny"]);
});
