import { createHmac } from "node:crypto";
import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { MailNotSent, type MailTransport } from "../mail/mail-transport.ts";

/** Where messages are handed over, and the secret that both sides have. */
export interface SmsWebhook {
  readonly url: string;
  readonly secret: string;
}

/**
 * Hands messages on to whoever brings them to telephones, by an HTTPS POST of JSON: `id`, the same when it is tried again,
 * `tenant_id`, `to` (E.164) and `text`. The header `koder-signature` is `t=<seconds>,v1=<HMAC-SHA-256 of "<seconds>.<body>">`,
 * in hexadecimal digits: whoever takes messages knows by it that they are ours, and that they are not of yesterday. An answer
 * of 2xx says that the message was taken; one of 4xx, but for 408 and 429, that it never will be.
 */
export function createSmsWebhook(
  { url, secret }: SmsWebhook,
  { outbound, clock }: { readonly outbound: GuardedFetch; readonly clock: () => number },
): MailTransport {
  return {
    async send({ to, text }, { tenantId, id }) {
      const body = JSON.stringify({ id, tenant_id: tenantId, to, text });
      const seconds = Math.floor(clock() / 1000);
      const signature = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
      const headers = { "koder-signature": `t=${seconds},v1=${signature}` };
      const status = await post(outbound, tenantId, url, { body, headers });
      if (status >= 200 && status < 300) return;
      const isFinal = status >= 400 && status < 500 && status !== 408 && status !== 429;
      throw new MailNotSent(isFinal ? "refused" : `http_${status}`, isFinal);
    },
    close: () => Promise.resolve(),
  };
}

async function post(
  outbound: GuardedFetch,
  tenantId: string,
  url: string,
  message: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
): Promise<number> {
  try {
    return (await outbound.post(url, { ...message, tenantId, contentType: "application/json" })).status;
  } catch (error) {
    if (error instanceof OutboundFailed) throw new MailNotSent(error.fault, false);
    throw error;
  }
}
