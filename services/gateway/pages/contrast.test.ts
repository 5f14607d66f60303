import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const css = readFileSync(join(import.meta.dirname, "assets/page.css"), "utf8");
const [light = "", dark = ""] = Array.from(css.matchAll(/:root \{([^}]*)\}/g), ([, body = ""]) => body);

/** The tokens of a scheme: the dark ones stand over the light ones. */
function tokens(...blocks: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    blocks.flatMap((block) =>
      Array.from(block.matchAll(/--([a-z-]+): ([^;]+);/g), ([, name = "", value = ""]) => [name, value] as const),
    ),
  );
}

/** Relative luminance (WCAG 2.2) of an `oklch(L C H)`, through linear sRGB. */
function luminance(value: string, hue: string): number {
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
  ["accent", "surface"],
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
] as const;
const edges = [
  ["edge", "surface"],
  ["warning", "surface"],
  ["danger", "surface"],
  ["focus", "surface"],
  ["focus", "canvas"],
  ["accent", "surface"],
] as const;

describe.each([
  ["light", tokens(light)],
  ["dark", tokens(light, dark)],
])("%s", (_scheme, scheme) => {
  const ratio = (a: string, b: string): number => {
    const hue = scheme.get("hue") ?? "";
    const [bright = 0, dim = 0] = [a, b]
      .map((name) => luminance(scheme.get(name) ?? "", hue))
      .toSorted((x, y) => y - x);
    return (bright + 0.05) / (dim + 0.05);
  };
  test.each(texts)("text %s on %s", (text, ground) => expect(ratio(text, ground)).toBeGreaterThanOrEqual(4.5));
  test.each(edges)("edge %s on %s", (edge, ground) => expect(ratio(edge, ground)).toBeGreaterThanOrEqual(3));
});
