import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ConfirmRecoveryRequestSchema, StartRecoveryRequestSchema } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { mailboxProofs, mailJobs } from "../collections.ts";
import { confirmRecovery } from "./confirm-recovery.ts";
import { defaultRecoveryPolicy } from "./recovery-policy.ts";
import { startRecovery } from "./start-recovery.ts";

const newPassword = "the next password of ana";

async function withRecovery() {
  const f = await authFixture();
  const start = (username: string, overrides: Partial<Call> = {}) =>
    startRecovery(f.dependencies)(
      create(StartRecoveryRequestSchema, { username, locale: "es" }),
      handlerContext(overrides),
    );
  const confirm = (token: string, password = newPassword) =>
    confirmRecovery(f.dependencies)(
      create(ConfirmRecoveryRequestSchema, { token, newPassword: password }),
      handlerContext(),
    );
  const mailedToken = async () => {
    await f.sendMails();
    return (
      new URL(/https:\S+/.exec(f.mails.at(-1)?.text ?? "")?.[0] ?? "https://nothing").searchParams.get("token") ?? ""
    );
  };
  return { f, start, confirm, mailedToken };
}

describe("a lost password", () => {
  test("is replaced by the link that was mailed, which signs nobody in", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const token = await mailedToken();
    expect(f.mails[0]).toMatchObject({ to: "ana@example.com", subject: "Elige una contraseña nueva" });
    expect(f.mails[0]?.text).toContain("https://id.acme.test/reset?token=kmp_");
    await confirm(token);
    expect(f.ana.password).toBe(newPassword);
    expect(f.sessions).toHaveLength(0);
    await f.sendMails();
    expect(f.mails[1]).toMatchObject({ to: "ana@example.com", subject: "Your password was changed" });
  });

  test("A24: a link is good once, also for ten who send it at once", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const token = await mailedToken();
    const settled = await Promise.allSettled(Array.from({ length: 10 }, () => confirm(token)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(f.calls.filter((call) => call.startsWith("resetPassword"))).toHaveLength(1);
    expect(await refusal(confirm(token))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
  });

  test("a link ends with its time, with another reset, and with whatever else voids the user", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const first = await mailedToken();
    await start("ana");
    const second = await mailedToken();
    await confirm(second);
    expect(await refusal(confirm(first))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
    await start("ana");
    const third = await mailedToken();
    f.ana.epoch += 1n;
    expect(await refusal(confirm(third))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
    await start("ana");
    const fourth = await mailedToken();
    f.advance(defaultRecoveryPolicy.lifetime);
    expect(await refusal(confirm(fourth))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
  });

  test("A16: a link to an address that is not the user's any more proves nothing", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const token = await mailedToken();
    f.ana.email = "ana@elsewhere.example";
    expect(await refusal(confirm(token))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
    expect(f.ana.password).toBe("the password of ana");
  });

  test("a password that is refused, and hashing that is busy, leave the link as it was", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const token = await mailedToken();
    await expect(confirm(token, "weak")).rejects.toThrow("too weak");
    f.meanwhile.resetPassword = () => {
      throw new ConnectError("too many sign-ins", Code.ResourceExhausted);
    };
    await expect(confirm(token)).rejects.toThrow("too many sign-ins");
    delete f.meanwhile.resetPassword;
    await confirm(token);
    expect(f.ana.password).toBe(newPassword);
  });

  test("no other secret is one", async () => {
    const { f, start, confirm } = await withRecovery();
    await start("ana");
    const id = (await f.attempt("ana", f.ana.password)).flow?.id ?? "";
    for (const token of ["kmp_", "none", id, "kmp_" + "A".repeat(43)]) {
      expect(await refusal(confirm(token))).toMatchObject({ reason: "RECOVERY_TOKEN_INVALID" });
    }
  });
});

describe("who asks learns nothing", () => {
  test("A23: for a name that nobody has the same is asked, written and answered, and nobody is mailed", async () => {
    const workOf = async (username: string) => {
      const { f, start } = await withRecovery();
      const answer = await start(username);
      const proofs = (await f.data.page(mailboxProofs, { index: "id", limit: 10 })).items.length;
      const jobs = (await f.data.page(mailJobs, { index: "id", limit: 10 })).items.length;
      const calls = f.calls.map((call) => call.split(" ")[0]);
      const events = (await f.events()).map(({ payload }) => payload.case);
      await f.sendMails();
      return { work: { answer, proofs, jobs, calls, events }, mails: f.mails.length };
    };
    const [known, unknown] = [await workOf("ana"), await workOf("nobody")];
    expect(unknown.work).toEqual(known.work);
    expect([known.mails, unknown.mails]).toEqual([1, 0]);
  });

  test("one account is mailed a few times an hour; more requests are answered alike", async () => {
    const { f, start } = await withRecovery();
    for (let i = 0; i < 8; i++) await start(i % 2 === 0 ? "ana" : "ana@example.com");
    await f.sendMails();
    expect(f.mails).toHaveLength(defaultRecoveryPolicy.perAccount);
    f.advance(2 * 60 * 60_000);
    await start("ana");
    await f.sendMails();
    expect(f.mails).toHaveLength(defaultRecoveryPolicy.perAccount + 1);
  });

  test("A27: one address asks so often, whatever the names; another one is not held up", async () => {
    const { f, start } = await withRecovery();
    const ask = (i: number) => start(`name-${i}`, { clientAddress: `2001:db8:1:2::${i}` });
    for (let i = 1; i <= defaultRecoveryPolicy.perAddress; i++) await ask(i);
    expect(await refusal(ask(1))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 600 });
    await start("ana", { clientAddress: "2001:db8:1:3::1" });
    f.advance(defaultRecoveryPolicy.window);
    await ask(1);
  });

  test("A29: no event and no refusal tells of an address or of a secret", async () => {
    const { f, start, confirm, mailedToken } = await withRecovery();
    await start("ana");
    const token = await mailedToken();
    await confirm(token);
    const told = Buffer.concat((await f.events()).map((event) => toBinary(EventSchema, event))).toString("latin1");
    expect((await f.events()).map(({ payload }) => payload.case)).toEqual(["recoveryStarted", "recoveryTokenUsed"]);
    for (const secret of [token, token.slice(4), "ana@example.com", newPassword]) expect(told).not.toContain(secret);
  });
});
