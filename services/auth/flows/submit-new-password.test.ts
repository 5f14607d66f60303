import { expect, test } from "vitest";
import { FlowState } from "#gen/koder/auth/v1/flow_pb.ts";
import { authFixture, refusal } from "../auth-fixture.ts";

const newPassword = "the next password of ana";

const asked = async () => {
  const f = await authFixture();
  f.ana.passwordChangeRequired = true;
  const { flow } = await f.attempt("ana", f.ana.password);
  f.calls.length = 0;
  return { f, id: flow?.id ?? "" };
};

test("changes the password, and begins a session of the epoch that the change gave", async () => {
  const { f, id } = await asked();
  const { flow, sessionToken } = await f.submitNew(id, newPassword, { sessionToken: "ksn_before" });
  expect(flow).toMatchObject({ state: FlowState.COMPLETED, nextSteps: [] });
  expect(sessionToken).toBe("ksn_1");
  expect(f.sessions[0]).toMatchObject({ userEpoch: 8n, amr: ["pwd"], previousSessionToken: "ksn_before" });
  expect(f.ana.password).toBe(newPassword);
  expect(f.calls).toEqual([`getUserEpoch ${f.ana.id}`, `changePassword ${f.ana.id}`, "createSession"]);
  expect(await refusal(f.submitNew(id, "yet another password"))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
});

test("A5: is no way around the first factor: after a wrong one there is no flow", async () => {
  const f = await authFixture();
  f.ana.passwordChangeRequired = true;
  await refusal(f.attempt("ana", "wrong"));
  expect(await f.keptFlows()).toEqual([]);
  expect(await refusal(f.submitNew("a-flow-that-is-not-there", newPassword))).toMatchObject({
    reason: "FLOW_NOT_FOUND",
  });
  expect(f.ana.password).toBe("the password of ana");
});

test("A26: belongs to the browser that gave the first factor", async () => {
  const { f, id } = await asked();
  const other = { browserToken: "another-browser-token!" };
  expect(await refusal(f.submitNew(id, newPassword, other))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  f.advance(600_000);
  expect(await refusal(f.submitNew(id, newPassword))).toMatchObject({ reason: "FLOW_NOT_FOUND" });
  expect(f.calls).toEqual([]);
});

test("A3: what the flow proved is void once the user was voided", async () => {
  const { f, id } = await asked();
  f.ana.epoch += 1n;
  expect(await refusal(f.submitNew(id, newPassword))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect(f.ana.password).toBe("the password of ana");
  expect(f.sessions).toHaveLength(0);
});

test("A8: a user who is voided while the password is changed gets no session", async () => {
  const { f, id } = await asked();
  f.meanwhile.changePassword = () => (f.ana.epoch += 1n);
  expect(await refusal(f.submitNew(id, newPassword))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect(f.sessions).toHaveLength(0);
});

test("a crash after the change leaves a password to sign in with, and nothing open", async () => {
  const { f, id } = await asked();
  f.meanwhile.createSession = () => Promise.reject(new Error("crash"));
  await expect(f.submitNew(id, newPassword)).rejects.toThrow("internal error");
  delete f.meanwhile.createSession;
  expect(await refusal(f.submitNew(id, newPassword))).toMatchObject({ reason: "STEP_NOT_EXPECTED" });
  expect((await f.attempt("ana", newPassword)).sessionToken).toBe("ksn_1");
});

test("a change that was not finished can be repeated with the same password", async () => {
  const { f, id } = await asked();
  f.meanwhile.changePassword = () => Promise.reject(new Error("the epoch was not bumped"));
  await expect(f.submitNew(id, newPassword)).rejects.toThrow("internal error");
  delete f.meanwhile.changePassword;
  expect((await f.submitNew(id, newPassword)).sessionToken).toBe("ksn_1");
});
