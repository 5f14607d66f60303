import { generateSync } from "otplib";
import { expect } from "vitest";
import { rest, type Instance } from "./relying-party.ts";

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
  const confirmation = { factor_id: factorId, code: totpCode(secret, -1) };
  const confirmed = await rest(server, "POST", `${path}/verify`, confirmation, accessToken);
  expect(confirmed.status, JSON.stringify(confirmed.json)).toBe(200);
  return { factorId, secret };
}

/** Makes ten recovery codes for whoever's access token it is. */
export async function recoveryCodes(server: Instance, accessToken: string): Promise<readonly string[]> {
  const { status, json } = await rest(server, "POST", "/v1/users/me/mfa/recovery-codes", {}, accessToken);
  expect(status, JSON.stringify(json)).toBe(200);
  return json["recovery_codes"] as string[];
}
