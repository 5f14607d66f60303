import type { FastifyInstance } from "fastify";
import type { Peers } from "../../host/peers.ts";
import { mountAccounts } from "./accounts.ts";
import { mountAssets } from "./assets.ts";
import { mountBrandImage } from "./branding/brand-image.ts";
import { mountFavicon } from "./branding/favicon.ts";
import { mountDevice } from "./device.ts";
import { mountDeviceQr } from "./device-qr.ts";
import { mountClientLogo } from "./client-logo.ts";
import { mountConsent } from "./consent.ts";
import type { ShowError } from "./error-page.ts";
import { mountDevMail } from "./dev-mail.ts";
import { mountLogout } from "./logout.ts";
import { mountPasswordStrength } from "./password-strength.ts";
import { mountReset } from "./reset.ts";
import { sendPage } from "./render.ts";
import { mountSignUp } from "./sign-up.ts";
import { mountVerify } from "./verify.ts";
import { mountSignIn } from "./sign-in.ts";

/** Adds the pages that people see. */
export function mountPages(
  app: FastifyInstance,
  options: { readonly peers: Peers; readonly showError: ShowError; readonly showsMails: boolean },
): void {
  mountAssets(app);
  mountBrandImage(app, options);
  mountFavicon(app);
  mountSignIn(app, options);
  mountDevice(app, options);
  mountDeviceQr(app, options);
  mountAccounts(app, options);
  mountConsent(app, options);
  mountClientLogo(app, options);
  mountLogout(app, options);
  mountReset(app, options);
  mountPasswordStrength(app, options);
  mountVerify(app, options);
  mountSignUp(app, options);
  if (options.showsMails) mountDevMail(app, options);
  app.get("/", async (request, reply) =>
    sendPage(request, reply, { template: "landing", status: 200, show: () => ({}) }),
  );
}
