import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { allowDirectFlows, flowStep, startFlow } from "../support/direct-flows.ts";
import { addPasskey, addTotp, recoveryCodes, totpCode } from "../support/factors.ts";
import { hiddenInputs } from "../support/hidden-inputs.ts";
import { walk } from "../support/interaction-pages.ts";
import { createPerson, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// A15, A6: what the policy does not allow is neither offered nor taken at any door, whenever it was added.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const path = "/v1/admin/policies/authentication";
const setPolicy = (policy: Readonly<Record<string, unknown>>) => changeAuthenticationPolicy(server, policy);
const everything = { first_factors: [], second_factors: [], mfa: "MFA_REQUIREMENT_OPTIONAL", group_overrides: [] };
const reasonOf = ({ json }: { readonly json: Record<string, unknown> }) => (json["error"] as { reason: string }).reason;

/** Somebody with an app, recovery codes and a passkey, and a client that may sign them in outside of the pages too. */
async function equipped() {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  const { accessToken } = await tokensFor(server, client, person.username);
  const { secret } = await addTotp(server, accessToken);
  const codes = await recoveryCodes(server, accessToken);
  const { authenticator } = await addPasskey(server, accessToken);
  await allowDirectFlows(server, client);
  return { ...person, client, accessToken, secret, codes, authenticator };
}

describe("A15: second factors that are not allowed", () => {
  test("are gone from pages, flows and enrolment, and what is left signs in", async () => {
    const someone = await equipped();
    const { username, client, accessToken, secret, codes, authenticator } = someone;
    const opened = await startFlow(server, client, username);
    const before = await flowStep(server, `/${opened}/password`, { password });
    expect(before.json["next_steps"]).toEqual(["FLOW_STEP_PASSKEY", "FLOW_STEP_TOTP", "FLOW_STEP_RECOVERY_CODE"]);
    await setPolicy({ second_factors: ["SIGN_IN_FACTOR_PASSKEY"] });
    try {
      // A flow that was offered them before.
      expect(reasonOf(await flowStep(server, `/${opened}/totp`, { code: totpCode(secret) }))).toBe("STEP_NOT_EXPECTED");
      expect(reasonOf(await flowStep(server, `/${opened}/recovery-code`, { code: codes[0] }))).toBe(
        "STEP_NOT_EXPECTED",
      );

      const flow = await startFlow(server, client, username);
      const { json } = await flowStep(server, `/${flow}/password`, { password });
      expect(json["next_steps"]).toEqual(["FLOW_STEP_PASSKEY"]);
      expect(reasonOf(await flowStep(server, `/${flow}/totp`, { code: totpCode(secret) }))).toBe("STEP_NOT_EXPECTED");

      const way = await walk(server, client);
      const page = await (await way.send({ username, password })).text();
      expect(page).toContain("data-passkey");
      expect(page).not.toMatch(/name="code"|value="totp"|value="recovery-code"/);
      const forced = await way.send({ ...hiddenInputs(page), way: "totp", code: totpCode(secret) });
      expect(forced.status).toBeGreaterThanOrEqual(400);
      expect(way.browser.cookies.has("koder_session")).toBe(false);

      for (const [at, body] of [
        ["totp", { display_name: "Another" }],
        ["recovery-codes", {}],
        ["otp", { channel: "OTP_CHANNEL_EMAIL" }],
      ] as const) {
        const refused = await rest(server, "POST", `/v1/users/me/mfa/${at}`, body, accessToken);
        expect([at, refused.status, reasonOf(refused)]).toEqual([at, 400, "FACTOR_NOT_ALLOWED"]);
      }
      const options = await rest(server, "GET", `/v1/auth/flows/${flow}/passkey`, undefined, "");
      const credential_json = authenticator.get(String(options.json["options_json"]));
      const done = await flowStep(server, `/${flow}/passkey`, { credential_json });
      expect(done.json["state"]).toBe("FLOW_STATE_COMPLETED");
    } finally {
      await setPolicy(everything);
    }
  });

  test("of a group are gone for those in it, and for them alone, as soon as they are", async () => {
    const [inside, outside] = [await equipped(), await equipped()];
    const { json: group } = await rest(server, "POST", "/v1/groups", { name: "Vault keepers" });
    await setPolicy({
      client_overrides: [inside, outside].map(({ client }) => ({ client_id: client.clientId, direct_flows: true })),
      group_overrides: [
        { group_name: "vault keepers", mfa: "MFA_REQUIREMENT_REQUIRED", second_factors: ["SIGN_IN_FACTOR_TOTP"] },
      ],
    });
    const stepsOf = async ({ client, username }: typeof inside) => {
      const flow = await startFlow(server, client, username);
      return (await flowStep(server, `/${flow}/password`, { password })).json["next_steps"];
    };
    try {
      expect(await stepsOf(inside)).toHaveLength(3);
      const member = { user_id: inside.id };
      const added = await rest(server, "POST", `/v1/groups/${String(group["id"])}/members`, member);
      expect(added.status, JSON.stringify(added.json)).toBe(200);
      await expect.poll(() => stepsOf(inside), { timeout: 10_000 }).toEqual(["FLOW_STEP_TOTP"]);
      expect(await stepsOf(outside)).toHaveLength(3);
    } finally {
      await setPolicy(everything);
    }
  });
});

test("A15: of two groups that leave nothing together neither is passed over: their people are told whom to ask", async () => {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  const only = (name: string, factor: string) => ({
    group_name: name,
    mfa: "MFA_REQUIREMENT_REQUIRED",
    second_factors: [`SIGN_IN_FACTOR_${factor}`],
  });
  for (const name of ["Only apps", "Only keys"]) {
    const { json } = await rest(server, "POST", "/v1/groups", { name });
    const added = await rest(server, "POST", `/v1/groups/${String(json["id"])}/members`, { user_id: person.id });
    expect(added.status, JSON.stringify(added.json)).toBe(200);
  }
  await setPolicy({ group_overrides: [only("Only apps", "TOTP"), only("Only keys", "PASSKEY")] });
  try {
    const way = await walk(server, client);
    const refused = await way.send({ username: person.username, password });
    const html = await refused.text();
    expect([refused.status, html.includes("Ask those who look after your account")]).toEqual([400, true]);
    expect(way.browser.cookies.has("koder_session")).toBe(false);
    // A wrong password is answered as ever: nobody learns by it who is in a group.
    expect((await way.send({ username: person.username, password: "wrong" })).status).toBe(401);
  } finally {
    await setPolicy(everything);
  }
});

test("sessions say when and where they were last used, and when they end unless they are used", async () => {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  await setPolicy({ session_idle_lifetime: "300s" });
  try {
    const { accessToken } = await tokensFor(server, client, person.username);
    const { json } = await rest(server, "GET", "/v1/me/sessions", undefined, accessToken);
    const [session = {}] = json["sessions"] as Record<string, string>[];
    expect(session["place"]).toBe("127.0.0.0/24");
    const [used, end] = ["last_use_time", "idle_end_time"].map((name) => Date.parse(session[name] ?? ""));
    expect(Number(end) - Number(used)).toBe(300_000);
    expect((await rest(server, "PATCH", path, { session_idle_lifetime: "299s" })).status).toBe(400);
  } finally {
    await setPolicy({ session_idle_lifetime: null });
  }
});

describe("A15: the password, where it is not allowed", () => {
  test("opens nothing, changes nothing and is not asked for, of whoever the name is", async () => {
    const { username, client, accessToken, authenticator } = await equipped();
    await setPolicy({ first_factors: ["SIGN_IN_FACTOR_PASSKEY"] });
    try {
      for (const name of [username, "nobody-at-all"]) {
        const flow = await flowStep(server, "", { client_id: client.clientId, username: name });
        expect(flow.json["next_steps"]).toEqual(["FLOW_STEP_PASSKEY"]);
        const given = await flowStep(server, `/${String(flow.json["id"])}/password`, { password });
        expect(reasonOf(given)).toBe("STEP_NOT_EXPECTED");
        const lost = await rest(server, "POST", "/v1/auth/recovery", { username: name }, "");
        expect([lost.status, reasonOf(lost)]).toEqual([400, "FACTOR_NOT_ALLOWED"]);
      }
      const change = { current_password: password, new_password: "another good pass phrase" };
      expect(reasonOf(await rest(server, "POST", "/v1/me/password", change, accessToken))).toBe("FACTOR_NOT_ALLOWED");
      const way = await walk(server, client);
      const page = await (await way.browser.get(way.at().href)).text();
      expect(page).toContain("data-passkey");
      expect(page).not.toMatch(/name="password"|href="\/reset/);
      await way.send({ username, password });
      expect(way.browser.cookies.has("koder_session")).toBe(false);

      const id = await startFlow(server, client, username);
      const options = await rest(server, "GET", `/v1/auth/flows/${id}/passkey`, undefined, "");
      const credential_json = authenticator.get(String(options.json["options_json"]));
      const done = await flowStep(server, `/${id}/passkey`, { credential_json });
      expect(done.json["state"]).toBe("FLOW_STATE_COMPLETED");
    } finally {
      await setPolicy(everything);
    }
  });

  test("nobody is locked out by mistake: the field is named", async () => {
    const policies = [
      ["first_factors", { first_factors: ["SIGN_IN_FACTOR_PASSKEY"], sign_up_allowed: true }],
      ["second_factors", { mfa: "MFA_REQUIREMENT_REQUIRED", second_factors: ["SIGN_IN_FACTOR_RECOVERY_CODE"] }],
      ["first_factors", { first_factors: ["SIGN_IN_FACTOR_TOTP"] }],
    ] as const;
    for (const [field, policy] of policies) {
      const refused = await rest(server, "PATCH", path, policy);
      expect(refused).toMatchObject({
        status: 400,
        json: { error: { reason: "AUTHENTICATION_POLICY_INVALID", violations: [{ field: `policy.${field}` }] } },
      });
    }
  });
});
