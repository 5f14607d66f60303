import { createHmac } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { RenderedMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { MailNotSent } from "../mail/mail-transport.ts";
import { createSmsWebhook } from "./sms-webhook.ts";

const secret = "a secret of at least thirty-two characters";
const now = Date.UTC(2026, 0, 1);
const message = create(RenderedMailSchema, { to: "+5511999990199", text: "123456 is your code" });

/** A provider that answers so, and what it was sent. */
function provider(answer: number | Error) {
  const taken: { url: string; body: string; headers: Readonly<Record<string, string>> }[] = [];
  const outbound: GuardedFetch = {
    get: () => Promise.reject(new Error("nothing is read")),
    async post(url, { body, headers = {} }) {
      taken.push({ url, body, headers });
      if (answer instanceof Error) throw answer;
      return { status: answer, contentType: "", body: new Uint8Array() };
    },
  };
  const sms = createSmsWebhook({ url: "https://sms.example/send", secret }, { outbound, clock: () => now });
  return { taken, send: () => sms.send(message, { tenantId: "t1", id: "01JOB" }) };
}

test("a message is posted with a signature that its taker can check", async () => {
  const { taken, send } = provider(202);
  await send();
  const [{ url, body, headers } = { url: "", body: "", headers: {} }] = taken;
  expect(url).toBe("https://sms.example/send");
  expect(JSON.parse(body)).toEqual({ id: "01JOB", tenant_id: "t1", to: message.to, text: message.text });
  const expected = createHmac("sha256", secret)
    .update(`${now / 1000}.${body}`)
    .digest("hex");
  expect(headers).toEqual({ "koder-signature": `t=${now / 1000},v1=${expected}` });
});

describe("what was not taken", () => {
  test.each([
    [400, "refused", true],
    [404, "refused", true],
    [408, "http_408", false],
    [429, "http_429", false],
    [503, "http_503", false],
    [new OutboundFailed("timeout"), "timeout", false],
  ])("%s: %s, final: %s", async (answer, fault, isFinal) => {
    const failed = await provider(answer)
      .send()
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(MailNotSent);
    expect(failed).toMatchObject({ fault, isFinal });
    expect(String(failed)).not.toContain("199");
  });
});
