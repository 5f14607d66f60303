import { ColorScheme, type Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { contrast, fromOklch, readHex, toOklch, writeHex, type Rgb } from "../../../host/colours/colour.ts";
import { moved, onColour, readable } from "../../../host/colours/readable.ts";

/** What of a branding is in its style. */
export type Look = Pick<Branding, "primaryColor" | "primaryColorDark" | "cornerRadius"> &
  Partial<Pick<Branding, "colorScheme">>;

/** What a brand's colour stands on, by its hue: `--surface` and `--canvas` of page.css, which contrast.test.ts compares. */
const grounds = {
  light: (hue: number): readonly Rgb[] => [
    fromOklch({ lightness: 1, chroma: 0, hue }),
    fromOklch({ lightness: 0.975, chroma: 0.004, hue }),
  ],
  dark: (hue: number): readonly Rgb[] => [
    fromOklch({ lightness: 0.235, chroma: 0.014, hue }),
    fromOklch({ lightness: 0.19, chroma: 0.012, hue }),
  ],
} as const;

/** Contrasts of texts and of edges (WCAG 2.2 §1.4.3, §1.4.11), and a little, because the greys differ by their hue. */
const [texts, edges] = [4.55, 3.05] as const;

/** Below so much chroma a colour is a grey, whose hue says nothing: the greys of the page keep theirs. */
const leastChroma = 0.02;

/**
 * The tokens of page.css that a brand sets over the usual ones; empty where it sets none. Nothing that anybody wrote is part
 * of it: colours are read and written anew, so that no text can become style (security A18).
 */
export function themeOf({ primaryColor, primaryColorDark, cornerRadius, colorScheme }: Look): string {
  const light = primaryColor === "" ? undefined : readHex(primaryColor);
  const ownDark = primaryColorDark === "" ? undefined : readHex(primaryColorDark);
  const dark = ownDark ?? (light === undefined ? undefined : visibleOnDark(light));
  const tokens = [
    ...hueToken(light),
    ...(light === undefined ? [] : accentTokens("light", light)),
    ...(cornerRadius === undefined ? [] : [`--radius:${Math.trunc(cornerRadius)}px`]),
  ];
  const darkTokens = dark === undefined ? [] : [...hueToken(ownDark), ...accentTokens("dark", dark)];
  const isAlways = colorScheme === ColorScheme.DARK;
  const always = isAlways ? [...tokens, ...darkTokens] : tokens;
  const onDark = isAlways || colorScheme === ColorScheme.LIGHT ? [] : darkTokens;
  return [
    ...(always.length === 0 ? [] : [`:root{${always.join(";")}}`]),
    ...(onDark.length === 0 ? [] : [`@media (prefers-color-scheme:dark){:root{${onDark.join(";")}}}`]),
  ].join("");
}

/** The hue that the greys of the page have a little of. */
function hueToken(colour: Rgb | undefined): readonly string[] {
  const { chroma, hue } = colour === undefined ? { chroma: 0, hue: 0 } : toOklch(colour);
  return chroma < leastChroma ? [] : [`--hue:${Math.round(hue)}`];
}

/** A colour that was chosen for light pages, as light as it must be to be seen on dark ones. */
const visibleOnDark = (colour: Rgb): Rgb => readable(colour, grounds.dark(toOklch(colour).hue), edges);

/**
 * The brand's colour as it is for what is filled with it, with black or white on it; for links and the ring of the focus
 * one of its hue that can be read, and an edge where the colour alone would not be seen.
 */
function accentTokens(scheme: keyof typeof grounds, accent: Rgb): readonly string[] {
  const on = onColour(accent);
  const [surface, canvas] = grounds[scheme](toOklch(accent).hue) as [Rgb, Rgb];
  const isSeen = contrast(accent, surface) >= edges;
  return [
    `--accent:${writeHex(accent)}`,
    `--accent-strong:${writeHex(moved(accent, scheme === "light" ? -0.06 : 0.06, on))}`,
    `--on-accent:${writeHex(on)}`,
    `--accent-text:${writeHex(readable(accent, [surface, canvas], texts))}`,
    `--accent-edge:${isSeen ? "transparent" : writeHex(readable(accent, [surface], edges))}`,
    `--focus:${writeHex(readable(accent, [surface, canvas], edges))}`,
  ];
}
