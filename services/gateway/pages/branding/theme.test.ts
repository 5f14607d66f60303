import { expect, test } from "vitest";
import { ColorScheme } from "#gen/koder/admin/v1/branding_pb.ts";
import { themeOf } from "./theme.ts";

test("a tenant that says nothing has no style of its own", () => {
  expect(themeOf({ primaryColor: "", primaryColorDark: "" })).toBe("");
});

test("corners alone are one token", () => {
  expect(themeOf({ primaryColor: "", primaryColorDark: "", cornerRadius: 0 })).toBe(":root{--radius:0px}");
});

test("a colour for dark pages is theirs alone", () => {
  const style = themeOf({ primaryColor: "", primaryColorDark: "#ff8800" });
  expect(style).toMatch(/^@media \(prefers-color-scheme:dark\)\{:root\{--hue:\d+;--accent:#ff8800;[^{}]*\}\}$/);
});

test("a grey says nothing of a hue", () => {
  expect(themeOf({ primaryColor: "#777777", primaryColorDark: "" })).not.toContain("--hue");
});

test("a dark brand is light enough on dark pages", () => {
  const [, dark = ""] = themeOf({ primaryColor: "#0b1f4b", primaryColorDark: "" }).split("@media");
  expect(dark).not.toContain("--accent:#0b1f4b");
});

test.each(["red", "#fff", "#12345", "#1234567", "#12345g", "#ffffff}", "url(https://x)", "#ffffff;--x:1"])(
  "%j never becomes style",
  (text) => {
    expect(() => themeOf({ primaryColor: text, primaryColorDark: "" })).toThrow(RangeError);
    expect(() => themeOf({ primaryColor: "", primaryColorDark: text })).toThrow(RangeError);
  },
);

test("a scheme that is pinned has the tokens of that one, for every device", () => {
  const { LIGHT, DARK } = ColorScheme;
  const colours = { primaryColor: "#0b1f4b", primaryColorDark: "#ff8800" };
  expect(themeOf({ ...colours, colorScheme: LIGHT })).toMatch(/^:root\{[^{}]*--accent:#0b1f4b;[^{}]*\}$/);
  const dark = themeOf({ ...colours, colorScheme: DARK });
  expect(dark).toMatch(/^:root\{[^{}]*\}$/);
  expect(dark.lastIndexOf("--accent:#ff8800;")).toBeGreaterThan(dark.lastIndexOf("--accent:#0b1f4b;"));
});
