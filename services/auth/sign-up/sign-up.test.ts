import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { AuthenticationPolicySchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { ConfirmEmailRequestSchema } from "#gen/koder/auth/v1/email_service_pb.ts";
import { GetSignUpRequestSchema } from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { ConfirmSignUpRequestSchema, StartSignUpRequestSchema } from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { authFixture, refusal } from "../auth-fixture.ts";
import { mailboxProofs, mailJobs } from "../collections.ts";
import { confirmEmail } from "../email/confirm-email.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import { confirmSignUp } from "./confirm-sign-up.ts";
import { getSignUp } from "./get-sign-up.ts";
import { defaultSignUpLimits } from "./sign-up-limits.ts";
import { startSignUp } from "./start-sign-up.ts";

const email = "bea@example.com";
const password = "the password of bea";

async function withSignUp(signUpAllowed = true) {
  const f = await authFixture();
  const allow = async (allowed: boolean) => {
    const policy = create(AuthenticationPolicySchema, { signUpAllowed: allowed });
    const request = { policy, updateMask: { paths: ["sign_up_allowed"] } };
    await updateAuthenticationPolicy(f.dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, request),
      handlerContext(),
    );
  };
  await allow(signUpAllowed);
  const start = (address = email, { clientAddress = "192.0.2.1", authorizationId = "waiting", locale = "es" } = {}) =>
    startSignUp(f.dependencies)(
      create(StartSignUpRequestSchema, { email: address, locale, authorizationId }),
      handlerContext({ clientAddress }),
    );
  const confirm = (token: string, secret = password) =>
    confirmSignUp(f.dependencies)(
      create(ConfirmSignUpRequestSchema, { token, name: "Bea", password: secret }),
      handlerContext(),
    );
  const look = (token: string) =>
    getSignUp(f.dependencies)(create(GetSignUpRequestSchema, { token }), handlerContext());
  const mailedLink = async (address = email) => {
    await f.sendMails();
    const text = f.mails.findLast(({ to }) => to === address)?.text ?? "";
    return new URL(/https:\S+/.exec(text)?.[0] ?? "https://nothing");
  };
  const mailedToken = async (address = email) => (await mailedLink(address)).searchParams.get("token") ?? "";
  return { f, allow, start, confirm, look, mailedLink, mailedToken };
}

describe("signing up", () => {
  test("takes no language that is none", async () => {
    const { start } = await withSignUp();
    expect(await refusal(start(email, { locale: "not a locale!!" }))).toMatchObject({ reason: "INVALID_REQUEST" });
  });

  test("opens an account by the link that was mailed, and signs nobody in", async () => {
    const { f, start, confirm, look, mailedLink } = await withSignUp();
    await start();
    const link = await mailedLink();
    expect(link.origin + link.pathname).toBe("https://id.acme.test/sign-up");
    expect(f.mails[0]).toMatchObject({ to: email, subject: "Crea tu cuenta" });
    const token = link.searchParams.get("token") ?? "";
    expect(f.people.has(email)).toBe(false);
    expect((await look(token)).email).toBe(email);
    const answer = await confirm(token);
    expect(answer).toMatchObject({ email, authorizationId: "waiting" });
    expect(f.people.get(email)).toMatchObject({ id: answer.userId, password, emailVerified: true, locale: "es" });
    expect(f.sessions).toHaveLength(0);
    expect((await f.attempt(email, password)).sessionToken).not.toBe("");
  });

  test("A24: a link is good once, also for ten who send it at once", async () => {
    const { f, start, confirm, look, mailedToken } = await withSignUp();
    await start();
    const token = await mailedToken();
    const settled = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => confirm(token, `password ${i}`)));
    expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await refusal(confirm(token))).toMatchObject({ reason: "SIGN_UP_TOKEN_INVALID" });
    expect(await refusal(look(token))).toMatchObject({ reason: "SIGN_UP_TOKEN_INVALID" });
    expect([...f.people.values()].filter((person) => person.email === email)).toHaveLength(1);
  });

  test("a password that is refused leaves the link as it was; a link ends with its time", async () => {
    const { f, start, confirm, mailedToken } = await withSignUp();
    await start();
    const token = await mailedToken();
    await expect(confirm(token, "weak")).rejects.toThrow("too weak");
    f.advance(defaultSignUpLimits.lifetime - 1);
    await confirm(token);
    await start("cid@example.com");
    const late = await mailedToken("cid@example.com");
    f.advance(defaultSignUpLimits.lifetime);
    expect(await refusal(confirm(late))).toMatchObject({ reason: "SIGN_UP_TOKEN_INVALID" });
  });

  test("no other link opens an account, and this one does nothing else", async () => {
    const { f, start, confirm, mailedToken } = await withSignUp();
    await start();
    const token = await mailedToken();
    const asEmail = create(ConfirmEmailRequestSchema, { token });
    expect(await refusal(confirmEmail(f.dependencies)(asEmail, handlerContext()))).toMatchObject({
      reason: "EMAIL_TOKEN_INVALID",
    });
    for (const other of ["kmp_", "none", `kmp_${"A".repeat(43)}`]) {
      expect(await refusal(confirm(other))).toMatchObject({ reason: "SIGN_UP_TOKEN_INVALID" });
    }
  });
});

test("it is off by default, and is looked at again when a link is used", async () => {
  const { f, allow, start, confirm, mailedToken } = await withSignUp(false);
  expect(await refusal(start())).toMatchObject({ reason: "SIGN_UP_NOT_ALLOWED" });
  await allow(true);
  await start();
  const token = await mailedToken();
  await allow(false);
  expect(await refusal(confirm(token))).toMatchObject({ reason: "SIGN_UP_NOT_ALLOWED" });
  expect(f.people.has(email)).toBe(false);
});

describe("who asks learns nothing", () => {
  test("A23: for an address that somebody has the same is asked, written and answered; its mail says so", async () => {
    const workOf = async (address: string) => {
      const { f, start, mailedLink } = await withSignUp();
      const answer = await start(address);
      const proofs = (await f.data.page(mailboxProofs, { index: "id", limit: 10 })).items.length;
      const jobs = (await f.data.page(mailJobs, { index: "id", limit: 10 })).items.length;
      const events = (await f.events()).map(({ payload }) => payload.case);
      const link = await mailedLink(address);
      return { work: { answer, proofs, jobs, calls: f.calls, events }, link, subject: f.mails[0]?.subject };
    };
    const [known, unknown] = [await workOf("ana@example.com"), await workOf(email)];
    expect(unknown.work).toEqual(known.work);
    expect(known.subject).toBe("Ya tienes una cuenta");
    expect(known.link.href).toBe("https://id.acme.test/reset");
  });

  test("one address is mailed a few times an hour; more requests are answered alike", async () => {
    const { f, start } = await withSignUp();
    for (let i = 0; i < 6; i++) {
      await start(email);
      await start("ana@example.com");
    }
    await f.sendMails();
    expect(f.mails.filter(({ to }) => to === email)).toHaveLength(defaultSignUpLimits.perMailbox);
    expect(f.mails.filter(({ to }) => to === "ana@example.com")).toHaveLength(defaultSignUpLimits.perMailbox);
  });

  test("A27: one address asks so often, whatever the mailboxes; another one is not held up", async () => {
    const { f, start } = await withSignUp();
    const ask = (i: number) => start(`person${i}@example.com`, { clientAddress: `2001:db8:1:2::${i}` });
    for (let i = 1; i <= defaultSignUpLimits.perAddress; i++) await ask(i);
    expect(await refusal(ask(1))).toMatchObject({ reason: "TOO_MANY_ATTEMPTS", retryAfter: 600 });
    await start(email, { clientAddress: "2001:db8:1:3::1" });
    f.advance(defaultSignUpLimits.window);
    await ask(1);
  });

  test("A29: no event tells of an address or of a secret", async () => {
    const { f, start, confirm, mailedToken } = await withSignUp();
    await start();
    const token = await mailedToken();
    await confirm(token);
    const events = await f.events();
    expect(events.map(({ payload }) => payload.case)).toEqual([
      "authenticationPolicyUpdated",
      "signUpStarted",
      "signUpCompleted",
    ]);
    const told = Buffer.concat(events.map((event) => toBinary(EventSchema, event))).toString("latin1");
    for (const secret of [token, token.slice(4), email, password, "waiting"]) expect(told).not.toContain(secret);
  });
});
