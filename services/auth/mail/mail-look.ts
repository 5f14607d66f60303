import { ColorScheme, type Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { readHex, writeHex } from "../../host/colours/colour.ts";
import { onColour, readable } from "../../host/colours/readable.ts";

/** What a mail is drawn with, each `#rrggbb`. */
interface Palette {
  readonly ground: string;
  readonly surface: string;
  readonly line: string;
  readonly text: string;
  readonly quiet: string;
}

/** How a tenant looks in its mails. No picture: a mail asks nobody for anything, and shows the same to everybody. */
export interface MailLook extends Palette {
  /** What people know it as. */
  readonly name: string;
  /** Which schemes a mail is right in (`color-scheme` of HTML): a program that shows mails changes the colours of no other one. */
  readonly schemes: "light dark" | "light" | "dark";
  /** The colour of its button, `#rrggbb`, and what can be read on it. */
  readonly accent: string;
  readonly onAccent: string;
  /** The radius of corners, in pixels. */
  readonly radius: number;
}

const light: Palette = { ground: "#f4f5f7", surface: "#ffffff", line: "#dfe2e7", text: "#1b1d21", quiet: "#5a606b" };
const dark: Palette = { ground: "#14161a", surface: "#1d2026", line: "#373c45", text: "#eceef2", quiet: "#a6adb9" };
const usualRadius = 10;
/** Of the edge of what can be pressed, to what it stands on (WCAG 2.2 §1.4.11), and a little. */
const edges = 3.05;

/**
 * How a tenant of this name looks by its branding; as usual where it has none, or none can be had. A tenant whose pages are dark for
 * everybody has dark mails; where they are as the device asks for, a mail is light and says that it may be shown darker, because
 * not every program that shows mails reads a style for the other scheme.
 */
export function mailLook(name: string, branding: Branding | undefined): MailLook {
  const isDark = branding?.colorScheme === ColorScheme.DARK;
  const isLight = branding?.colorScheme === ColorScheme.LIGHT;
  const palette = isDark ? dark : light;
  const own = (isDark ? branding.primaryColorDark : "") || branding?.primaryColor || palette.text;
  const chosen = readHex(own);
  // A colour that was chosen for light pages, as light as it must be to be seen on dark ones.
  const accent = isDark ? readable(chosen, [readHex(palette.surface)], edges) : chosen;
  return {
    ...palette,
    name: branding?.displayName || name,
    schemes: isDark ? "dark" : isLight ? "light" : "light dark",
    accent: writeHex(accent),
    onAccent: writeHex(onColour(accent)),
    radius: branding?.cornerRadius ?? usualRadius,
  };
}
