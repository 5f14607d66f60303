import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { authorizeDevice, registerDevice } from "../support/device.ts";
import { addPasskey, addTotp, totpCode } from "../support/factors.ts";
import { hiddenInputs } from "../support/hidden-inputs.ts";
import { walk } from "../support/interaction-pages.ts";
import { createPerson, locationOf, password, registerClient, rest, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// A15: which factors are allowed holds for a session of before as for a new sign-in: what was shown elsewhere is no way around it.

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

const setPolicy = (policy: Readonly<Record<string, unknown>>) => changeAuthenticationPolicy(server, policy);
afterEach(() => setPolicy({ group_overrides: [], client_overrides: [] }));

const passkey = ["SIGN_IN_FACTOR_PASSKEY"];
const required = "MFA_REQUIREMENT_REQUIRED";

/** Somebody with a session by the password in a browser, and two clients: that where they signed in, and another. */
async function signedIn() {
  const person = await createPerson(server);
  const [lax, strict] = [await registerClient(server), await registerClient(server)];
  return { ...person, lax, strict, ...(await tokensFor(server, lax, person.username)) };
}
type SignedIn = Awaited<ReturnType<typeof signedIn>>;
const override = ({ strict }: SignedIn, more: Record<string, unknown>) =>
  setPolicy({ client_overrides: [{ client_id: strict.clientId, ...more }] });

/** What a client gets without asking the person: a code, or the error. */
async function silently({ strict, browser }: SignedIn, parameters: Record<string, string> = {}): Promise<string> {
  const at = (await walk(server, strict, { ...parameters, prompt: "none" }, browser)).at();
  return at.searchParams.get("error") ?? (at.searchParams.has("code") ? "code" : at.href);
}

/** Signs in once more in the same browser, by the password and an app. */
async function showApp({ lax, browser, username, accessToken }: SignedIn): Promise<void> {
  const { secret } = await addTotp(server, accessToken);
  const way = await walk(server, lax, { prompt: "login" }, browser);
  const page = await (await way.send({ username, password })).text();
  expect((await way.send({ ...hiddenInputs(page), code: totpCode(secret) })).status).toBe(303);
}

describe("A15: a session of before", () => {
  test("by the password is not enough for a client that allows passkeys alone, nor for a device", async () => {
    const someone = await signedIn();
    const device = await registerDevice(server);
    expect(await silently(someone)).toBe("code");
    const only = { first_factors: passkey };
    await setPolicy({
      client_overrides: [someone.strict, device].map(({ clientId }) => ({ client_id: clientId, ...only })),
    });
    expect(await silently(someone)).toBe("login_required");
    expect((await walk(server, someone.strict, {}, someone.browser)).at().pathname).toBe("/sign-in");
    const { json } = await authorizeDevice(server, device);
    const typed = await someone.browser.post(`${server.url}/device`, { user_code: String(json["user_code"]) });
    expect(locationOf(typed, server.url).pathname).toBe("/sign-in");
    // Elsewhere it is as good as before.
    expect(await silently({ ...someone, strict: someone.lax })).toBe("code");
  });

  test("by the password is not enough for somebody in a group that allows passkeys alone", async () => {
    const someone = await signedIn();
    const { json: group } = await rest(server, "POST", "/v1/groups", { name: "Passkeys only" });
    const member = { user_id: someone.id };
    expect((await rest(server, "POST", `/v1/groups/${String(group["id"])}/members`, member)).status).toBe(200);
    await setPolicy({ group_overrides: [{ group_name: "passkeys only", first_factors: passkey }] });
    expect(await silently(someone)).toBe("login_required");
  });

  test("with an app is not enough where a second factor is required and only passkeys are one", async () => {
    const someone = await signedIn();
    await showApp(someone);
    await override(someone, { mfa: required });
    expect(await silently(someone)).toBe("code");
    await override(someone, { mfa: required, second_factors: ["SIGN_IN_FACTOR_TOTP"] });
    expect(await silently(someone)).toBe("code");
    await override(someone, { mfa: required, second_factors: passkey });
    expect(await silently(someone)).toBe("login_required");
  });

  test("with an app is asked for a passkey where only those are allowed, once there is one", async () => {
    const someone = await signedIn();
    await showApp(someone);
    await override(someone, { second_factors: passkey });
    // Who has none could show none: the app spoke for them, as in a new sign-in.
    expect(await silently(someone)).toBe("code");
    await addPasskey(server, someone.accessToken);
    expect(await silently(someone)).toBe("login_required");
  });
});
