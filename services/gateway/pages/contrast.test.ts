import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { themeOf } from "./branding/theme.ts";

const css = readFileSync(join(import.meta.dirname, "assets/page.css"), "utf8");
const [light = "", dark = ""] = Array.from(css.matchAll(/:root \{([^}]*)\}/g), ([, body = ""]) => body);

/** The tokens of a scheme: the dark ones stand over the light ones. */
function tokens(...blocks: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    blocks.flatMap((block) =>
      Array.from(block.matchAll(/--([a-z-]+): ?([^;}]+)[;}]/g), ([, name = "", value = ""]) => [name, value] as const),
    ),
  );
}

/** Relative luminance (WCAG 2.2) of a token's value: `oklch(L C H)`, through linear sRGB, or `#rrggbb`. */
function luminance(value: string, hue: string): number {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/.exec(value);
  if (hex !== null) {
    const [red = 0, green = 0, blue = 0] = hex.slice(1).map((channel) => {
      const written = Number.parseInt(channel, 16) / 255;
      return written <= 0.04045 ? written / 12.92 : ((written + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }
  const match = /^oklch\(([\d.]+) ([\d.]+) (?:([\d.]+)|var\(--hue\))\)$/.exec(value);
  if (match === null) throw new Error(`${value} is no plain oklch colour`);
  const [lightness, chroma, angle] = [Number(match[1]), Number(match[2]), (Number(match[3] ?? hue) * Math.PI) / 180];
  const [a, b] = [chroma * Math.cos(angle), chroma * Math.sin(angle)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (channel: number) => Math.min(1, Math.max(0, channel));
  const red = clamp(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short);
  const green = clamp(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short);
  const blue = clamp(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const texts = [
  ["text", "canvas"],
  ["text", "surface"],
  ["text-quiet", "canvas"],
  ["text-quiet", "surface"],
  ["text-quiet", "danger-surface"],
  ["text", "danger-surface"],
  ["text", "warning-surface"],
  ["danger", "surface"],
  ["accent-text", "surface"],
  ["accent-text", "canvas"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
] as const;
const edges = [
  ["edge", "surface"],
  ["warning", "surface"],
  ["danger", "surface"],
  ["focus", "surface"],
  ["focus", "canvas"],
] as const;

type Tokens = ReadonlyMap<string, string>;

/** A token's value, through those that it stands for. */
function valueOf(scheme: Tokens, name: string): string {
  const value = scheme.get(name) ?? "";
  const [, other] = /^var\(--([a-z-]+)\)$/.exec(value) ?? [];
  return other === undefined ? value : valueOf(scheme, other);
}

function ratio(scheme: Tokens, a: string, b: string): number {
  const hue = scheme.get("hue") ?? "";
  const [bright = 0, dim = 0] = [a, b].map((name) => luminance(valueOf(scheme, name), hue)).toSorted((x, y) => y - x);
  return (bright + 0.05) / (dim + 0.05);
}

/** What is filled with the accent can be seen: by itself, or by its edge. */
const filled = (scheme: Tokens): number =>
  ratio(scheme, valueOf(scheme, "accent-edge") === "transparent" ? "accent" : "accent-edge", "surface");

describe.each([
  ["light", tokens(light)],
  ["dark", tokens(light, dark)],
])("%s", (_scheme, scheme) => {
  test.each(texts)("text %s on %s", (text, ground) => expect(ratio(scheme, text, ground)).toBeGreaterThanOrEqual(4.5));
  test.each(edges)("edge %s on %s", (edge, ground) => expect(ratio(scheme, edge, ground)).toBeGreaterThanOrEqual(3));
  test("what is filled is seen", () => expect(filled(scheme)).toBeGreaterThanOrEqual(3));
});

/** Colours that brands have, and that no page was drawn for. */
const hostile = [
  "#ffffff",
  "#000000",
  "#ffdd00",
  "#00ff66",
  "#ff0000",
  "#0000ff",
  "#777777",
  "#ff69b4",
  "#0b1f4b",
  "#f7f7fa",
  "#1c1f27",
  "#7fffd4",
] as const;

describe.each(hostile)("a brand of %s", (colour) => {
  test.each([
    ["light", { primaryColor: colour, primaryColorDark: "" }],
    ["light", { primaryColor: "", primaryColorDark: colour }],
    ["dark", { primaryColor: colour, primaryColorDark: "" }],
    ["dark", { primaryColor: "", primaryColorDark: colour }],
    ["dark", { primaryColor: "#ffdd00", primaryColorDark: colour }],
  ])("can be read on %s pages, with %o", (scheme, colours) => {
    const [ofLight = "", ofDark = ""] = themeOf(colours).split("@media (prefers-color-scheme:dark)");
    const shown = scheme === "light" ? tokens(light, ofLight) : tokens(light, dark, ofLight, ofDark);
    for (const [text, ground] of texts) {
      expect(ratio(shown, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const [edge, ground] of edges) {
      expect(ratio(shown, edge, ground), `${edge} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
    expect(filled(shown), "what is filled").toBeGreaterThanOrEqual(3);
  });

  test("is on buttons as it is", () => {
    expect(themeOf({ primaryColor: colour, primaryColorDark: "" })).toContain(`--accent:${colour};`);
  });
});
