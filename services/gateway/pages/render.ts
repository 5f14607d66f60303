import { join } from "node:path";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Liquid } from "liquidjs";
import { openTemplates } from "../../host/templates.ts";
import { contextOf } from "../context.ts";
import { assets } from "./assets.ts";
import { chooseLocale, textsOf, type Texts } from "./texts.ts";

/**
 * Nothing but our own style, script and pictures; never in a frame. No limit on where forms lead: browsers apply it to the
 * redirect to the client as well (design §5).
 */
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  // The form's own POST must say where it comes from; nobody else is told.
  "referrer-policy": "same-origin",
  vary: "accept-language",
} as const;

const judgingHeaders = {
  "content-security-policy": `${pageHeaders["content-security-policy"]}; connect-src 'self'`,
} as const;

let engine: Promise<Liquid> | undefined;

/** A page, ready to be sent. */
export interface Page {
  readonly template:
    | "sign-in"
    | "new-password"
    | "second-factor"
    | "second-factor-passkey"
    | "enrol-totp"
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
    | "dev-mail"
    | "error"
    | "landing";
  readonly status: number;
  /** `ui_locales` of the client, if there is one. */
  readonly uiLocales?: string;
  /** What the template shows, with the texts of the person's language at hand. */
  readonly show: (texts: Texts) => Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether its script asks us about a password that is being typed. */
  readonly judgesPassword?: boolean;
}

/** Sends a page in the person's language. */
export async function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  const { tenant } = contextOf(request);
  const locale = chooseLocale(page.uiLocales ?? "", request.headers["accept-language"]);
  const t = textsOf(locale);
  engine ??= openTemplates(join(import.meta.dirname, "templates"));
  // In one go: nothing in a template is waited for, and a promise for each of its nodes costs ten times as much.
  const html = (await engine).renderFileSync(page.template, {
    ...page.show(t),
    t,
    locale,
    assets,
    tenant: { displayName: tenant.displayName, canonicalOrigin: tenant.canonicalOrigin },
  }) as string;
  return reply
    .code(page.status)
    .headers(pageHeaders)
    .header("content-language", locale)
    .headers(page.judgesPassword === true ? judgingHeaders : {})
    .headers(page.headers ?? {})
    .send(html);
}
