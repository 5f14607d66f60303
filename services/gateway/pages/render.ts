import type { FastifyReply, FastifyRequest } from "fastify";
import type { Liquid } from "liquidjs";
import { openTemplates } from "../../host/templates.ts";
import { ownFile } from "../../host/own-files.ts";
import { contextOf } from "../context.ts";
import type { Brand } from "./branding/brand.ts";
import { frameOf } from "./branding/frame.ts";
import { assets } from "./assets.ts";
import { createKeptPages, type Shown } from "./kept-pages.ts";
import { chooseLocale, textsOf, type Texts } from "./texts.ts";

/** Of every page. */
export const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  // The form's own POST must say where it comes from; nobody else is told.
  "referrer-policy": "same-origin",
  vary: "accept-language",
} as const;

/** Beside what every page may do: ask our own origin how strong a password is, as it is typed. */
const judging = "; connect-src 'self'";

let engine: Promise<Liquid> | undefined;

const kept = createKeptPages();
const numbers = new WeakMap<Brand, number>();
let lastNumber = 0;

/** A number that no other brand has. */
function numberOf(brand: Brand): number {
  let number = numbers.get(brand);
  if (number === undefined) numbers.set(brand, (number = ++lastNumber));
  return number;
}

/** A page, ready to be sent. */
export interface Page {
  readonly template:
    | "sign-in"
    | "new-password"
    | "second-factor"
    | "second-factor-passkey"
    | "enrol-totp"
    | "enrol-phone"
    | "enrol-otp"
    | "recovery-codes"
    | "accounts"
    | "consent"
    | "device"
    | "device-confirm"
    | "device-done"
    | "form-post"
    | "logout"
    | "signed-out"
    | "reset"
    | "reset-sent"
    | "reset-choose"
    | "reset-done"
    | "sign-up"
    | "sign-up-sent"
    | "sign-up-choose"
    | "sign-up-done"
    | "verify"
    | "verify-done"
    | "accept-terms"
    | "verify-email"
    | "verify-email-address"
    | "dev-mail"
    | "error"
    | "landing";
  readonly status: number;
  /** `ui_locales` of the client, if there is one. */
  readonly uiLocales?: string;
  /** What the template shows, with the texts of the person's language, and the name and the look of the tenant at hand. */
  readonly show: (texts: Texts, tenantName: string, brand: Brand) => Shown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether it is shown to many who differ in their tokens alone, so that it is worth keeping. */
  readonly isKept?: boolean;
  /** Whether its script asks us about a password that is being typed. */
  readonly judgesPassword?: boolean;
}

/** The templates, read once. */
export const openedTemplates = (): Promise<Liquid> => (engine ??= openTemplates(ownFile("gateway/pages/templates")));

/** Sends a page in the person's language. */
export async function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  const { tenant, brands, outbound } = contextOf(request);
  const brand = brands.peek(tenant.id) ?? (await brands.get(outbound));
  const name = brand.displayName || tenant.displayName;
  const locale = chooseLocale(page.uiLocales ?? "", request.headers["accept-language"]);
  const t = textsOf(locale);
  const templates = await openedTemplates();
  // In one go: nothing in a template is waited for, and a promise for each of its nodes costs ten times as much.
  const render = (shown: Shown): string =>
    templates.renderFileSync(page.template, {
      ...shown,
      t,
      locale,
      assets,
      stylesheet: brand.stylesheet,
      tenant: { displayName: name, canonicalOrigin: tenant.canonicalOrigin },
      frame: frameOf(templates, brand, { tenantName: name, locale, t }),
      own: brand.textsIn(locale),
    }) as string;
  const shown = page.show(t, name, brand);
  const sort = [page.template, numberOf(brand), locale, name, tenant.canonicalOrigin].join(" ");
  const html = page.isKept === true ? kept.page(sort, shown, render) : render(shown);
  return reply
    .code(page.status)
    .headers(pageHeaders)
    .header("content-security-policy", `${brand.contentSecurityPolicy}${page.judgesPassword === true ? judging : ""}`)
    .header("content-language", locale)
    .headers(page.headers ?? {})
    .send(html);
}
