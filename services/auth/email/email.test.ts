import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  ConfirmEmailRequestSchema,
  SendEmailVerificationRequestSchema,
  StartEmailChangeRequestSchema,
} from "#gen/koder/auth/v1/email_service_pb.ts";
import { StartRecoveryRequestSchema } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { startRecovery } from "../recovery/start-recovery.ts";
import { confirmEmail } from "./confirm-email.ts";
import { defaultEmailPolicy } from "./email-policy.ts";
import { sendEmailVerification } from "./send-email-verification.ts";
import { startEmailChange } from "./start-email-change.ts";

const newEmail = "ana@elsewhere.example";

async function withEmail() {
  const f = await authFixture();
  const send = (userId = f.ana.id) =>
    sendEmailVerification(f.dependencies)(create(SendEmailVerificationRequestSchema, { userId }), handlerContext());
  const change = (email = newEmail) =>
    startEmailChange(f.dependencies)(
      create(StartEmailChangeRequestSchema, { userId: f.ana.id, email }),
      handlerContext(),
    );
  const confirm = (token: string, userId = "") =>
    confirmEmail(f.dependencies)(create(ConfirmEmailRequestSchema, { token, userId }), handlerContext());
  const tokenTo = async (address: string) => {
    await f.sendMails();
    const text = f.mails.findLast(({ to }) => to === address)?.text ?? "";
    return new URL(/https:\S+/.exec(text)?.[0] ?? "https://nothing").searchParams.get("token") ?? "";
  };
  return { f, send, change, confirm, tokenTo };
}

describe("verifying an address", () => {
  test("takes it for verified by the link that was mailed, once", async () => {
    const { f, send, confirm, tokenTo } = await withEmail();
    f.ana.emailVerified = false;
    await send();
    const token = await tokenTo("ana@example.com");
    expect(f.mails[0]?.text).toContain("https://id.acme.test/verify?token=kmp_");
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => confirm(token, f.ana.id)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(f.ana.emailVerified).toBe(true);
    await send();
    await f.sendMails();
    expect(f.mails).toHaveLength(1);
  });

  test("A16: is void for another address, another user, and after its time", async () => {
    const { f, send, confirm, tokenTo } = await withEmail();
    f.ana.emailVerified = false;
    await send();
    const token = await tokenTo("ana@example.com");
    expect(await refusal(confirm(token, "01JZZZZZZZZZZZZZZZZZZZZZZZ"))).toMatchObject({
      reason: "EMAIL_TOKEN_INVALID",
    });
    f.ana.email = newEmail;
    expect(await refusal(confirm(token))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
    f.ana.email = "ana@example.com";
    f.advance(defaultEmailPolicy.lifetime);
    expect(await refusal(confirm(token))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
    expect(f.ana.emailVerified).toBe(false);
  });

  test("is not asked of nobody, and not without end", async () => {
    const { f, send } = await withEmail();
    expect(await refusal(send("01JZZZZZZZZZZZZZZZZZZZZZZZ"))).toMatchObject({ reason: "MAILBOX_NOT_FOUND" });
    f.ana.emailVerified = false;
    for (let i = 0; i < defaultEmailPolicy.perUser; i++) await send();
    expect(await refusal(send())).toMatchObject({ reason: "TOO_MANY_ATTEMPTS" });
  });

  test("takes no link to a new password, nor is its link one", async () => {
    const { f, confirm, tokenTo } = await withEmail();
    const request = create(StartRecoveryRequestSchema, { username: "ana" });
    await startRecovery(f.dependencies)(request, handlerContext());
    expect(await refusal(confirm(await tokenTo("ana@example.com")))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
  });
});

describe("changing an address", () => {
  test.each([
    ["the new address first", [newEmail, "ana@example.com"]],
    ["the old address first", ["ana@example.com", newEmail]],
  ] as const)("needs both addresses: %s", async (_order, [first, second]) => {
    const { f, change, confirm, tokenTo } = await withEmail();
    expect(await change()).toMatchObject({ bothMustConfirm: true });
    const [one, other] = [await tokenTo(first), await tokenTo(second)];
    expect(await confirm(one)).toMatchObject({ done: false });
    expect(f.ana.email).toBe("ana@example.com");
    expect(await refusal(confirm(one))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
    expect(await confirm(other)).toMatchObject({ done: true });
    expect(f.ana.email).toBe(newEmail);
    expect(await refusal(confirm(other))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
  });

  test("both at the same moment change it as well", async () => {
    const { f, change, confirm, tokenTo } = await withEmail();
    await change();
    const tokens = [await tokenTo(newEmail), await tokenTo("ana@example.com")];
    const answers = await Promise.all(tokens.map((token) => confirm(token)));
    expect(answers.filter(({ done }) => done)).toHaveLength(1);
    expect(f.ana.email).toBe(newEmail);
  });

  test("an address that was never verified has nothing to say", async () => {
    const { f, change, confirm, tokenTo } = await withEmail();
    f.ana.emailVerified = false;
    expect(await change()).toMatchObject({ bothMustConfirm: false });
    expect(await confirm(await tokenTo(newEmail))).toMatchObject({ done: true });
    expect(f.mails.map(({ to }) => to)).toEqual([newEmail]);
    expect(f.ana.email).toBe(newEmail);
  });

  test("is void with whatever voids the user, such as another password", async () => {
    const { f, change, confirm, tokenTo } = await withEmail();
    await change();
    const token = await tokenTo(newEmail);
    f.ana.epoch += 1n;
    expect(await refusal(confirm(token))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
  });

  test("a crash after the change leaves a link that does what was done, and no more", async () => {
    const { f, change, confirm, tokenTo } = await withEmail();
    await change();
    await confirm(await tokenTo("ana@example.com"));
    const token = await tokenTo(newEmail);
    f.meanwhile.changeEmail = () => {
      f.ana.email = newEmail;
      throw new Error("crash");
    };
    await expect(confirm(token)).rejects.toThrow("internal error");
    delete f.meanwhile.changeEmail;
    expect(await confirm(token)).toMatchObject({ done: true });
    expect(await refusal(confirm(token))).toMatchObject({ reason: "EMAIL_TOKEN_INVALID" });
  });

  test("A29: no event tells of an address or a secret", async () => {
    const { f, change, confirm, tokenTo } = await withEmail();
    await change();
    const tokens = [await tokenTo(newEmail), await tokenTo("ana@example.com")];
    for (const token of tokens) await confirm(token);
    const told = Buffer.concat((await f.events()).map((event) => toBinary(EventSchema, event))).toString("latin1");
    for (const secret of [...tokens, "ana@example.com", newEmail]) expect(told).not.toContain(secret);
  });
});
