import type { FastifyInstance } from "fastify";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { leadOn } from "../oidc/authorization-answer.ts";
import { browserCookies } from "../oidc/browser-cookies.ts";
import { cookieNames, writeCookie } from "../oidc/cookies.ts";
import type { ShowError } from "./error-page.ts";
import { authorizationIdOf, mountFormPage } from "./form-page.ts";
import { longest } from "./longest-inputs.ts";
import { sendPage } from "./render.ts";
import { shownAccount, shownClient } from "./shown-account.ts";

/** The account chooser: who is signed in in this browser, and the way to sign in to another account. */
export function mountAccounts(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  mountFormPage(app, showError, {
    path: "/accounts",
    async show(request, reply, authorizationId) {
      const { outbound } = contextOf(request);
      const cookies = browserCookies(request);
      const { client, accounts, uiLocales } = await peers
        .client(AuthorizationService)
        .listAccounts({ authorizationId, ...cookies }, forward(outbound));
      if (client === undefined) throw new Error("the oauth service listed accounts for no client");
      return sendPage(request, reply, {
        template: "accounts",
        status: 200,
        uiLocales,
        show: () => ({
          authorization: authorizationId,
          client: shownClient(client),
          accounts: accounts.map(shownAccount),
        }),
      });
    },
    async submit(request, reply, form) {
      const { outbound, tenant } = contextOf(request);
      const isSecure = tenant.canonicalOrigin.startsWith("https:");
      const { next, sessionToken } = await peers.client(AuthorizationService).chooseAccount(
        {
          authorizationId: authorizationIdOf(form.get("authorization")),
          sessionId: form.get("session").slice(0, longest.sessionId),
          ...browserCookies(request),
        },
        forward(outbound),
      );
      if (sessionToken !== "") {
        void reply.header("set-cookie", writeCookie(cookieNames(isSecure).session, sessionToken, isSecure));
      }
      return leadOn(request, reply, next);
    },
  });
}
