import type { FastifyInstance } from "fastify";
import { contextOf } from "../context.ts";
import { anyOrigin } from "../oidc/cors.ts";
import { parsedQuery } from "./page-form.ts";
import type { ShowError } from "./error-page.ts";

/** A user code as devices show it. */
const form = /^[A-Z]{4}-[A-Z]{4}$/;

/**
 * The QR code of a verification URI with its code in it (RFC 8628 §3.3.1), for a device that shows pictures and makes none: it
 * takes its `user_code` here. An address of ours and not a member of the answer, because the answer is the standard's. The
 * picture is made of the code's text alone and of nothing that is stored: it tells nobody whether anything waits with it, and
 * it never leads anywhere but to our page.
 */
export function mountDeviceQr(app: FastifyInstance, { showError }: { readonly showError: ShowError }): void {
  app.get("/device/qr", async (request, reply) => {
    const userCode = parsedQuery(request)?.get("user_code") ?? "";
    if (!form.test(userCode)) {
      const detail = "user_code must be a user code as it was answered, XXXX-XXXX";
      return showError(request, reply, { status: 400, reason: "INVALID_REQUEST", detail });
    }
    const { renderSVG } = await import("uqr");
    const { canonicalOrigin } = contextOf(request).tenant;
    return reply
      .headers(anyOrigin)
      .header("content-type", "image/svg+xml")
      .header("cache-control", "no-store")
      .header("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
      .send(renderSVG(`${canonicalOrigin}/device?user_code=${userCode}`, { ecc: "M", border: 4 }));
  });
}
