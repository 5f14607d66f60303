import type { FastifyInstance } from "fastify";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn } from "../oidc/authorization-answer.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import type { ShowError } from "./error-page.ts";
import { authorizationIdOf, mountFormPage } from "./form-page.ts";
import { groupedScopes } from "./grouped-scopes.ts";
import { longest } from "./longest-inputs.ts";
import { sendPage } from "./render.ts";
import { shownAccount, shownClient } from "./shown-account.ts";
import { filled } from "./texts.ts";

/** The consent page: who asks whom for what, in plain sentences, with yes and no side by side. */
export function mountConsent(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  mountFormPage(app, showError, {
    path: "/consent",
    async show(request, reply, authorizationId) {
      const { outbound } = contextOf(request);
      const authorizations = peers.client(AuthorizationService);
      const pending = { authorizationId, ...browserCookies(request) };
      const described = await authorizations.describeConsent(pending, forward(outbound));
      const { client, account, groups, uiLocales, shown } = described;
      if (client === undefined) throw new Error("the oauth service described a consent for no client");
      if (account === undefined) {
        // Signed out since: there is nobody to ask.
        const { next } = await authorizations.resumeAuthorization(pending, forward(outbound));
        return leadOn(request, reply, next);
      }
      const asking = shownClient(client);
      return sendPage(request, reply, {
        template: "consent",
        status: 200,
        uiLocales,
        show: (texts, tenantName) => ({
          authorization: authorizationId,
          client: asking,
          account: shownAccount(account),
          groups: groupedScopes(groups, texts),
          shown,
          heading: filled(texts["consent_heading"], { client: asking.name }),
          unverified: filled(texts["consent_unverified"], { tenant: tenantName }),
          after: filled(texts["consent_after"], { place: client.returnsTo }),
        }),
      });
    },
    async submit(request, reply, form) {
      const { outbound } = contextOf(request);
      const { next } = await peers.client(AuthorizationService).decideConsent(
        {
          authorizationId: authorizationIdOf(form.get("authorization")),
          sessionId: form.get("session").slice(0, longest.sessionId),
          // Anything but a plain yes is a no.
          granted: form.get("action") === "allow",
          shown: form.get("shown").slice(0, 43),
          ...browserCookies(request),
        },
        forward(outbound),
      );
      return leadOn(request, reply, next);
    },
  });
}
