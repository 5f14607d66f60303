import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { flowStep, startFlow } from "../support/direct-flows.ts";
import { addPasskey, addTotp, recoveryCodes, totpCode } from "../support/factors.ts";
import { walk } from "../support/interaction-pages.ts";
import { createPerson, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";

// A15: where the policy allows fewer factors it asks for more, never for less. Whoever has a second factor that is not allowed is not
// let in by the password alone, and does not add another one by it.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const setPolicy = (policy: Readonly<Record<string, unknown>>) => changeAuthenticationPolicy(server, policy);
afterEach(() =>
  setPolicy({ second_factors: [], mfa: "MFA_REQUIREMENT_OPTIONAL", group_overrides: [], client_overrides: [] }),
);

const reasonOf = ({ json }: { readonly json: Record<string, unknown> }) => (json["error"] as { reason: string }).reason;
const passkeyAlone = { second_factors: ["SIGN_IN_FACTOR_PASSKEY"] };
const required = { mfa: "MFA_REQUIREMENT_REQUIRED" };

/** Somebody with an authenticator app, and a client. */
async function withApp() {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  const { accessToken } = await tokensFor(server, client, person.username);
  const { secret } = await addTotp(server, accessToken);
  return { ...person, client, accessToken, secret };
}
const overrideOf = ({ client }: Awaited<ReturnType<typeof withApp>>, more: Record<string, unknown>) => ({
  client_overrides: [{ client_id: client.clientId, direct_flows: true, ...more }],
});

describe("A15: who has a second factor, of which none is allowed,", () => {
  test("shows it where one is optional, on the pages as well as outside of them", async () => {
    const someone = await withApp();
    const { username, client, secret } = someone;
    await setPolicy(overrideOf(someone, passkeyAlone));
    const way = await walk(server, client);
    const page = await (await way.send({ username, password })).text();
    expect(page).toContain('name="code"');
    expect(way.browser.cookies.has("koder_session")).toBe(false);
    const flow = await startFlow(server, client, username);
    const { json } = await flowStep(server, `/${flow}/password`, { password });
    expect(json).toMatchObject({ state: "FLOW_STATE_MFA_REQUIRED", next_steps: ["FLOW_STEP_TOTP"] });
    const done = await flowStep(server, `/${flow}/totp`, { code: totpCode(secret) });
    expect(done.json["state"]).toBe("FLOW_STATE_COMPLETED");
  });

  test.for([
    [
      "a client",
      (someone: Awaited<ReturnType<typeof withApp>>) => overrideOf(someone, { ...required, ...passkeyAlone }),
    ],
    [
      "the tenant",
      (someone: Awaited<ReturnType<typeof withApp>>) => ({ ...overrideOf(someone, {}), ...required, ...passkeyAlone }),
    ],
  ] as const)("shows it before one that is allowed is added, where %s requires one", async ([, policyFor]) => {
    const someone = await withApp();
    const { username, client, secret, accessToken } = someone;
    await setPolicy(policyFor(someone));
    const flow = await startFlow(server, client, username);
    const { json } = await flowStep(server, `/${flow}/password`, { password });
    expect(json["next_steps"]).toEqual(["FLOW_STEP_TOTP"]);
    // A thief with the password is offered no passkey to add, and adds none.
    const stolen = await rest(server, "GET", `/v1/auth/flows/${flow}/new-passkey`, undefined, "");
    expect(reasonOf(stolen)).toBe("STEP_NOT_EXPECTED");
    const wrong = await flowStep(server, `/${flow}/totp`, { code: "000000" });
    expect(reasonOf(wrong)).toBe("CODE_MISMATCH");

    const shown = await flowStep(server, `/${flow}/totp`, { code: totpCode(secret) });
    expect(shown.json["next_steps"]).toEqual(["FLOW_STEP_ENROL_PASSKEY"]);
    const offer = await rest(server, "GET", `/v1/auth/flows/${flow}/new-passkey`, undefined, "");
    const credential_json = softwareAuthenticator({ origin: server.url }).create(String(offer.json["options_json"]));
    const added = await flowStep(server, `/${flow}/new-passkey`, { credential_json });
    expect((added.json["flow"] as Record<string, unknown> | undefined) ?? added.json).toMatchObject({
      state: "FLOW_STATE_COMPLETED",
    });
    const { json: mine } = await rest(server, "GET", "/v1/users/me/mfa", undefined, accessToken);
    expect(mine["factors"]).toHaveLength(2);
  });

  test("of a group shows it as well, and a passkey where only apps are allowed", async () => {
    const someone = await withApp();
    const { username, client, accessToken } = someone;
    const { json: mine } = await rest(server, "GET", "/v1/users/me/mfa", undefined, accessToken);
    const { authenticator } = await addPasskey(server, accessToken);
    const [app] = mine["factors"] as { id: string }[];
    expect((await rest(server, "DELETE", `/v1/users/me/mfa/${app?.id ?? ""}`, undefined, accessToken)).status).toBe(
      200,
    );
    const name = "Apps only";
    const { json: group } = await rest(server, "POST", "/v1/groups", { name });
    const joined = await rest(server, "POST", `/v1/groups/${String(group["id"])}/members`, { user_id: someone.id });
    expect(joined.status).toBe(200);
    const apps = { ...required, second_factors: ["SIGN_IN_FACTOR_TOTP"] };
    await setPolicy({ ...overrideOf(someone, {}), group_overrides: [{ group_name: name, ...apps }] });
    const flow = await startFlow(server, client, username);
    const { json } = await flowStep(server, `/${flow}/password`, { password });
    expect(json["next_steps"]).toEqual(["FLOW_STEP_PASSKEY"]);
    expect(reasonOf(await flowStep(server, `/${flow}/new-totp/begin`, {}))).toBe("STEP_NOT_EXPECTED");
    const options = await rest(server, "GET", `/v1/auth/flows/${flow}/passkey`, undefined, "");
    const credential_json = authenticator.get(String(options.json["options_json"]));
    const shown = await flowStep(server, `/${flow}/passkey`, { credential_json });
    expect(shown.json["next_steps"]).toEqual(["FLOW_STEP_ENROL_TOTP"]);
  });

  test("is not asked for a recovery code in its place, unless such codes are allowed", async () => {
    const someone = await withApp();
    const { username, client, accessToken } = someone;
    const [code] = await recoveryCodes(server, accessToken);
    await setPolicy(overrideOf(someone, passkeyAlone));
    const flow = await startFlow(server, client, username);
    await flowStep(server, `/${flow}/password`, { password });
    expect(reasonOf(await flowStep(server, `/${flow}/recovery-code`, { code }))).toBe("STEP_NOT_EXPECTED");
    await setPolicy(
      overrideOf(someone, { second_factors: ["SIGN_IN_FACTOR_PASSKEY", "SIGN_IN_FACTOR_RECOVERY_CODE"] }),
    );
    const another = await startFlow(server, client, username);
    const { json } = await flowStep(server, `/${another}/password`, { password });
    expect(json["next_steps"]).toEqual(["FLOW_STEP_TOTP", "FLOW_STEP_RECOVERY_CODE"]);
  });
});
