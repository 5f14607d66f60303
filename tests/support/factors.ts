import { generateSync } from "otplib";
import { expect } from "vitest";
import { sentCode } from "./dev-mail.ts";
import { rest, type Instance } from "./relying-party.ts";
import { softwareAuthenticator, type Making, type SoftwareAuthenticator } from "./software-authenticator.ts";

/** The code that an authenticator app shows now, or `steps` of 30 s later. */
export const totpCode = (secret: string, steps = 0): string =>
  generateSync({ secret, epoch: Math.floor(Date.now() / 1_000) + steps * 30 });

/**
 * Adds an authenticator app to whoever's access token it is, who must have signed in by now. It is confirmed by the code before
 * the present one, which is still good then: for one sign-in, and the next one for another.
 */
export async function addTotp(
  server: Instance,
  accessToken: string,
): Promise<{ readonly factorId: string; readonly secret: string }> {
  const path = "/v1/users/me/mfa/totp";
  const enrolled = await rest(server, "POST", path, { display_name: "My phone" }, accessToken);
  expect(enrolled.status, JSON.stringify(enrolled.json)).toBe(200);
  const [factorId, secret] = [String(enrolled.json["factor_id"]), String(enrolled.json["secret"])];
  const confirm = () =>
    rest(server, "POST", `${path}/verify`, { factor_id: factorId, code: totpCode(secret, -1) }, accessToken);
  let confirmed = await confirm();
  // Where another code has begun to be shown on the way, it was the one before the one before.
  if (confirmed.status !== 200) confirmed = await confirm();
  expect(confirmed.status, JSON.stringify(confirmed.json)).toBe(200);
  return { factorId, secret };
}

/** Makes ten recovery codes for whoever's access token it is. */
export async function recoveryCodes(server: Instance, accessToken: string): Promise<readonly string[]> {
  const { status, json } = await rest(server, "POST", "/v1/users/me/mfa/recovery-codes", {}, accessToken);
  expect(status, JSON.stringify(json)).toBe(200);
  return json["recovery_codes"] as string[];
}

const passkeyPath = "/v1/users/me/mfa/webauthn/register";

/** Begins to add a passkey to whoever's access token it is: what a browser makes one by. */
export async function beginPasskey(
  server: Instance,
  accessToken: string,
): Promise<{ readonly factorId: string; readonly optionsJson: string }> {
  const { status, json } = await rest(server, "POST", `${passkeyPath}/begin`, {}, accessToken);
  expect(status, JSON.stringify(json)).toBe(200);
  return { factorId: String(json["factor_id"]), optionsJson: String(json["options_json"]) };
}

/** Sends what a browser made. */
export const finishPasskey = (server: Instance, accessToken: string, factorId: string, credentialJson: string) =>
  rest(server, "POST", `${passkeyPath}/finish`, { factor_id: factorId, credential_json: credentialJson }, accessToken);

/** Adds a passkey of a new authenticator to whoever's access token it is, who must have signed in by now. */
export async function addPasskey(
  server: Instance,
  accessToken: string,
  making: Partial<Making> = {},
): Promise<{ readonly factorId: string; readonly authenticator: SoftwareAuthenticator }> {
  const authenticator = softwareAuthenticator({ origin: server.url, ...making });
  const { factorId, optionsJson } = await beginPasskey(server, accessToken);
  const { status, json } = await finishPasskey(server, accessToken, factorId, authenticator.create(optionsJson));
  expect(status, JSON.stringify(json)).toBe(200);
  return { factorId, authenticator };
}

/** Adds one-time codes by mail, or by SMS to a telephone, to whoever's access token it is; answers the code that was sent. */
export async function addOtp(
  server: Instance,
  accessToken: string,
  to: { readonly email: string } | { readonly phone: string },
): Promise<string> {
  const path = "/v1/users/me/mfa/otp";
  const asked =
    "phone" in to ? { channel: "OTP_CHANNEL_SMS", phone_number: to.phone } : { channel: "OTP_CHANNEL_EMAIL" };
  const enrolled = await rest(server, "POST", path, asked, accessToken);
  expect(enrolled.status, JSON.stringify(enrolled.json)).toBe(200);
  const code = await sentCode(server, "phone" in to ? to.phone : to.email);
  const confirmation = { factor_id: enrolled.json["factor_id"], code };
  const confirmed = await rest(server, "POST", `${path}/verify`, confirmation, accessToken);
  expect(confirmed.status, JSON.stringify(confirmed.json)).toBe(200);
  return code;
}
