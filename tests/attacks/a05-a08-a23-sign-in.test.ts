import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { BrowserFlowService } from "../../gen/ts/koder/auth/v1/flow_internal_pb.ts";
import { FlowState } from "../../gen/ts/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "../../gen/ts/koder/identity/v1/credential_internal_pb.ts";
import { UserStatus } from "../../gen/ts/koder/identity/v1/user_pb.ts";
import { BrowserSessionService } from "../../gen/ts/koder/session/v1/browser_session_internal_pb.ts";
import { RevocationService } from "../../gen/ts/koder/session/v1/revocation_internal_pb.ts";
import { UserSchema as StoredUserSchema } from "../../gen/ts/koder/identity/store/v1/user_pb.ts";
import { errorInfoOf } from "../../services/host/interceptors/error-mapping.ts";
import { testCall } from "../../services/host/testing/handler-context.ts";
import { users } from "../../services/identity/collections.ts";
import { userUpdated } from "../../services/identity/users/user-events.ts";
import { Conflict } from "../../services/store/store.ts";
import { replace } from "../../services/store/writes.ts";
import { signInServices } from "../support/sign-in-services.ts";

// Through the typed clients that the gateway has: what pages and endpoints do above them is tested at the public doors.

const password = "correct horse battery staple";
const newPassword = "another good pass phrase";
const userId = "01JZZZZZZZZZZZZZZZZZZZZZZ0";

/** The services, with one person `ana`, ana@example.com. */
async function withAna({ passwordChangeRequired = false } = {}) {
  const s = await signInServices();
  const owner = { userId, username: "ana", email: "ana@example.com", password, passwordChangeRequired };
  await s.peersOf("admin").client(CredentialService).createOwner(owner, s.options());
  const flow = s.peersOf("gateway").client(BrowserFlowService);
  const browser = { browserToken: "browser-token-of-22-characters", remoteAddress: "192.0.2.1" };
  return {
    ...s,
    submitNew: (flowId: string, secret: string) =>
      flow.submitNewPassword({ flowId, browser, newPassword: secret }, s.options()),
    attempt: (username: string, secret: string) =>
      flow.submitPassword({ username, browser, password: secret }, s.options()),
    bump: () =>
      s
        .peersOf("identity")
        .client(RevocationService)
        .bumpEpoch({ subject: { case: "userId", value: userId } }, s.options()),
    /** Whether a session token is good for anything, as the oauth service would find out. */
    isAlive: async (sessionToken: string) => {
      const sessions = s.peersOf("oauth").client(BrowserSessionService);
      return (await sessions.resolveSession({ sessionToken }, s.options())).session !== undefined;
    },
    /** What UpdateUser commits before it voids; the rest is the test's. */
    async change(fields: { readonly status: UserStatus }) {
      const stored = await s.data.get(users, userId);
      if (stored === undefined) throw new Error("ana is gone");
      const record = create(StoredUserSchema, { ...stored.record, ...fields });
      const event = userUpdated(testCall(), 0, userId, stored.version + 1, []);
      await s.data.commit([replace(users, record, stored.version)], [event]);
    },
  };
}

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => new Error("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  const { id: _id, ...metadata } = errorInfoOf(error)?.metadata ?? {};
  return { reason: errorInfoOf(error)?.reason, code: error.code, message: error.rawMessage, metadata };
}

describe("A23: who is known cannot be told", () => {
  test("a wrong password is the same work and the same answer for everybody", async () => {
    const s = await withAna();
    await s.attempt("ana", password); // the first sign-in is noted once
    await s.change({ status: UserStatus.ACTIVE });
    const observe = async (username: string) => {
      s.work.length = 0;
      const answer = await refusal(s.attempt(username, "wrong"));
      return { answer, work: s.work.splice(0).toSorted() };
    };
    const known = await observe("ana");
    expect(known.answer).toMatchObject({ reason: "PASSWORD_MISMATCH", code: Code.Unauthenticated });
    expect(known.work).toContain("argon2 verify m=19456,t=2,p=1");
    expect(known.work.filter((one) => one.startsWith("argon2"))).toHaveLength(1);
    expect(known.work.filter((one) => one.startsWith("add attempts/"))).toHaveLength(4);
    for (const name of ["nobody", "nobody@example.com", "ana@example.com", "Nobody\0"]) {
      expect(await observe(name)).toEqual(known);
    }
    // Without a wait in between, also the answers to who must wait are the same.
    const locked = async (name: string) => {
      const seen = [];
      for (let i = 0; i < 8; i++) seen.push(await observe(name));
      return seen;
    };
    expect(await locked("other")).toEqual(await locked("another@example.com"));

    s.advance(60 * 60_000);
    await s.change({ status: UserStatus.DISABLED });
    const fresh = await withAna();
    await fresh.change({ status: UserStatus.DISABLED });
    fresh.work.length = 0;
    expect(await refusal(fresh.attempt("ana", password))).toEqual(known.answer);
    expect(fresh.work.splice(0).toSorted()).toEqual(known.work);
    expect([...s.faults, ...fresh.faults]).toEqual([]);
  });
});

describe("A7: guesses at once", () => {
  test("100 at once: five are verified, and the right password among the rest is refused", async () => {
    const s = await withAna();
    s.work.length = 0;
    const guess = (_: unknown, i: number) => refusal(s.attempt("ana", i === 99 ? password : `guess number ${i}`));
    const answers = await Promise.all(Array.from({ length: 100 }, guess));
    expect(answers.filter(({ reason }) => reason === "PASSWORD_MISMATCH")).toHaveLength(5);
    expect(answers.filter(({ reason }) => reason === "TOO_MANY_ATTEMPTS")).toHaveLength(95);
    expect(s.work.filter((one) => one.startsWith("argon2"))).toHaveLength(5);
  });
});

describe("A8: what changed while a person signs in counts at every step", () => {
  test("a user who is disabled is refused like a wrong password", async () => {
    const s = await withAna();
    await s.change({ status: UserStatus.DISABLED });
    expect(await refusal(s.attempt("ana", password))).toMatchObject({ reason: "PASSWORD_MISMATCH" });
  });

  test("A3: a session is alive until its user is voided, and no longer", async () => {
    const s = await withAna();
    const { sessionToken } = await s.attempt("ana", password);
    expect(await s.isAlive(sessionToken)).toBe(true);
    await s.bump();
    expect(await s.isAlive(sessionToken)).toBe(false);
    expect(await s.isAlive((await s.attempt("ana", password)).sessionToken)).toBe(true);
  });

  test("A3: whenever a user is disabled while they sign in, no session of theirs is alive afterwards", async () => {
    for (const passwordChangeRequired of [false, true]) {
      for (let turns = 0; turns < 60; turns += 3) {
        const s = await withAna({ passwordChangeRequired });
        const signIn = async () => {
          const { flow, sessionToken } = await s.attempt("ana", password);
          return flow?.state === FlowState.PASSWORD_OK
            ? (await s.submitNew(flow.id, newPassword)).sessionToken
            : sessionToken;
        };
        const disable = async () => {
          for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
          for (;;) {
            try {
              await s.change({ status: UserStatus.DISABLED });
              break;
            } catch (error) {
              if (!(error instanceof Conflict)) throw error; // the sign-in wrote first: again, as an administrator would
            }
          }
          await s.bump();
        };
        const [sessionToken] = await Promise.all([signIn().catch(() => ""), disable()]);
        expect(await s.isAlive(sessionToken)).toBe(false);
      }
    }
  });

  test("a user who is disabled between password and new password gets no session, and keeps their password", async () => {
    const s = await withAna({ passwordChangeRequired: true });
    const { flow } = await s.attempt("ana", password);
    await s.change({ status: UserStatus.DISABLED });
    expect((await refusal(s.submitNew(flow?.id ?? "", newPassword))).code).toBe(Code.NotFound);
    await s.bump();
    await s.change({ status: UserStatus.ACTIVE });
    expect(await refusal(s.submitNew(flow?.id ?? "", newPassword))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
    expect(await s.attempt("ana", password)).toMatchObject({ flow: { state: FlowState.PASSWORD_OK } });
  });
});

describe("A5, A6: a forced change of password", () => {
  test("gives no session before the new password, and one that lives after it", async () => {
    const s = await withAna({ passwordChangeRequired: true });
    const first = await s.attempt("ana", password);
    expect(first).toMatchObject({ sessionToken: "", flow: { state: FlowState.PASSWORD_OK } });
    const id = first.flow?.id ?? "";
    expect(await refusal(s.submitNew(id, password))).toMatchObject({ reason: "PASSWORD_NOT_ALLOWED" });
    const { sessionToken } = await s.submitNew(id, newPassword);
    expect(await s.isAlive(sessionToken)).toBe(true);
    expect(await refusal(s.attempt("ana", password))).toMatchObject({ reason: "PASSWORD_MISMATCH" });
    expect(await s.attempt("ana", newPassword)).toMatchObject({ flow: { state: FlowState.COMPLETED } });
  });

  test("20 new passwords at once: one is taken, and whoever was told of a session gave it", async () => {
    const s = await withAna({ passwordChangeRequired: true });
    const { flow } = await s.attempt("ana", password);
    const choices = Array.from({ length: 20 }, (_, i) => `${newPassword} number ${i}`);
    const settled = await Promise.allSettled(choices.map((choice) => s.submitNew(flow?.id ?? "", choice)));
    const told = settled.flatMap((one, i) => (one.status === "fulfilled" ? [choices[i] ?? ""] : []));
    expect(told.length).toBeLessThanOrEqual(1);
    for (const choice of told) {
      expect(await s.attempt("ana", choice)).toMatchObject({ flow: { state: FlowState.COMPLETED } });
    }
    expect(s.faults.filter((fault) => !(fault instanceof Error && fault.name === "Conflict"))).toEqual([]);
  });
});
