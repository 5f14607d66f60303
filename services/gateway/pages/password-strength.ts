import type { FastifyInstance } from "fastify";
import type { Peers } from "../../host/peers.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import type { ShowError } from "./error-page.ts";
import { longest } from "./longest-inputs.ts";
import { judge, judgementSentence } from "./new-password-judgement.ts";
import { mountPageForm } from "./page-form.ts";
import { browserOf } from "./pending-sign-in.ts";
import { chooseLocale, textsOf } from "./texts.ts";

/**
 * What the script of a page on which a password is chosen asks while it is typed: the form as it stands, judged by the functions
 * that decide when it is sent. Nothing is kept of it.
 */
export function mountPasswordStrength(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  mountPageForm(app, "/password-strength", showError, async (request, reply, form) => {
    const token = form.get("token").slice(0, longest.secret);
    const choosing =
      token === ""
        ? {
            flowId: form.get("flow").slice(0, longest.secret) || "none",
            browser: browserOf(request, browserCookies(request)),
          }
        : { token, name: form.get("name").trim().slice(0, longest.name) };
    const judgement = await judge(peers, request, choosing, form.get("new_password").slice(0, longest.password));
    const locale = chooseLocale(form.get("ui_locales"), request.headers["accept-language"]);
    return reply
      .headers({ "cache-control": "no-store", "content-language": locale, vary: "accept-language" })
      .send({ level: judgement.strength, text: judgementSentence(textsOf(locale), judgement) });
  });
}
