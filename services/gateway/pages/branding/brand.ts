import { createHash } from "node:crypto";
import { ColorScheme, type Branding } from "#gen/koder/admin/v1/branding_pb.ts";
import { assets } from "../assets.ts";
import { brandIcon, brandLogo, type Icon, type ShownLogo } from "./brand-logo.ts";
import { themeOf } from "./theme.ts";

/** What a tenant says on a page in one language. Empty: what every page says. */
export interface OwnTexts {
  readonly signInHeading: string;
  readonly signInNote: string;
}

/** How a tenant looks, ready to be shown: made once, and shared by all of its pages. */
export interface Brand {
  /** Empty: the tenant's own name. */
  readonly displayName: string;
  /** Where its pages find the style that all have, for the scheme that it pins. */
  readonly stylesheet: string;
  /** Stands in the head of the page; empty where the usual style is enough. */
  readonly style: string;
  readonly contentSecurityPolicy: string;
  readonly logo: ShownLogo | undefined;
  /** A tile with the first letter of the name stands for a logo where the tenant has its colour alone. */
  readonly hasTile: boolean;
  readonly icon: Icon;
  readonly termsUri: string;
  readonly privacyUri: string;
  readonly supportUri: string;
  readonly textsIn: (locale: string) => OwnTexts;
}

const noTexts: OwnTexts = { signInHeading: "", signInNote: "" };

/**
 * Nothing but our own style, script and pictures; never in a frame. No limit on where forms lead: browsers apply it to the
 * redirect to the client as well. A style within the page is let in by its hash, and no other.
 */
function policyWith(style: string): string {
  const own = style === "" ? "" : ` 'sha256-${createHash("sha256").update(style).digest("base64")}'`;
  return `default-src 'none'; style-src 'self'${own}; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'`;
}

/** How a tenant looks that did not say, or whose branding cannot be had: a page is never kept from anybody by that. */
export const usualBrand: Brand = {
  displayName: "",
  stylesheet: assets.css,
  style: "",
  contentSecurityPolicy: policyWith(""),
  logo: undefined,
  hasTile: false,
  icon: { href: assets.icon, type: "image/svg+xml" },
  termsUri: "",
  privacyUri: "",
  supportUri: "",
  textsIn: () => noTexts,
};

/** Where pages find the style that all have. */
function stylesheetOf({ colorScheme }: Pick<Branding, "colorScheme">): string {
  if (colorScheme === ColorScheme.LIGHT) return assets.lightCss;
  return colorScheme === ColorScheme.DARK ? assets.darkCss : assets.css;
}

/** How a tenant looks that says it. */
export function brandOf(branding: Branding): Brand {
  const { displayName, termsUri, privacyUri, supportUri } = branding;
  const style = themeOf(branding);
  const logo = brandLogo(branding);
  const texts = new Map<string, OwnTexts>(branding.texts.map((one) => [one.language, one]));
  return {
    displayName,
    stylesheet: stylesheetOf(branding),
    style,
    contentSecurityPolicy: policyWith(style),
    logo,
    hasTile: logo === undefined && branding.primaryColor !== "",
    icon: brandIcon(branding) ?? usualBrand.icon,
    termsUri,
    privacyUri,
    supportUri,
    textsIn: (locale) => texts.get(locale) ?? noTexts,
  };
}
