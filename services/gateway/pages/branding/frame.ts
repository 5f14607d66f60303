import type { Liquid } from "liquidjs";
import { assets } from "../assets.ts";
import { letterOf } from "../shown-account.ts";
import type { Texts } from "../texts.ts";
import { usualBrand, type Brand } from "./brand.ts";

/** What of a page is the same on all pages of a tenant in a language: markup, escaped where somebody wrote it. */
export interface Frame {
  readonly head: string;
  readonly header: string;
  readonly footer: string;
}

/** By language and name. A brand is made anew every few seconds, and its frames with it. */
const frames = new WeakMap<Brand, Map<string, Frame>>();

/** The frame of a tenant's pages. Made once for each brand and language: to make it costs more than all else of a page. */
export function frameOf(
  engine: Liquid,
  brand: Brand,
  { tenantName, locale, t }: { readonly tenantName: string; readonly locale: string; readonly t: Texts },
): Frame {
  let known = frames.get(brand);
  if (known === undefined) frames.set(brand, (known = new Map()));
  const key = `${locale} ${tenantName}`;
  const made = known.get(key);
  if (made !== undefined) return made;
  const shown = { brand, tenantName, letter: brand.hasTile ? letterOf(tenantName) : "", assets, t };
  const part = (name: string) => (engine.renderFileSync(name, shown) as string).trim();
  const frame = { head: part("brand-head"), header: part("brand"), footer: part("brand-footer") };
  // That one is everybody's whose branding cannot be had, and would never be forgotten.
  if (brand !== usualBrand) known.set(key, frame);
  return frame;
}
