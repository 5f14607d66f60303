import { hash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Shown } from "./kept-pages.ts";
import { openedTemplates, pageHeaders } from "./render.ts";
import { chooseLocale, textsOf, type Texts } from "./texts.ts";

/** Nothing else is served at its host, so that its looks are in it. */
const style =
  "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:28rem;padding:4rem 1.25rem}h1{font-size:1.75rem;font-weight:600;line-height:1.2}p:last-child{font-size:.875rem;opacity:.75}";
const contentSecurityPolicy = `default-src 'none'; style-src 'sha256-${hash("sha256", style, "base64")}'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`;

/** Sends a page of no tenant, in the person's language: it has nobody's looks, and links to nothing. */
export async function sendPlainPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, show }: { readonly status: number; readonly show: (texts: Texts) => Shown },
): Promise<FastifyReply> {
  const locale = chooseLocale("", request.headers["accept-language"]);
  const t = textsOf(locale);
  const templates = await openedTemplates();
  const html = templates.renderFileSync("plain", { ...show(t), t, locale, style }) as string;
  return reply
    .code(status)
    .headers(pageHeaders)
    .header("content-security-policy", contentSecurityPolicy)
    .header("content-language", locale)
    .send(html);
}
