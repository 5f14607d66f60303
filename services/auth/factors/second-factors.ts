import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeysAmong } from "../passkeys/passkeys-among.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { factorsOfUser } from "./factors-of-user.ts";

/** Which second factors a person can show. */
export interface SecondFactors {
  readonly totp: boolean;
  readonly passkey: boolean;
  readonly emailOtp: boolean;
  readonly smsOtp: boolean;
}

/**
 * The second factors of a person that are of use: a passkey for a host that the tenant had before is of none, and must not be
 * asked for.
 */
export async function secondFactorsOf(
  dependencies: Pick<AuthDependencies, "store" | "tenants" | "policies">,
  call: Call,
  userId: string,
): Promise<SecondFactors> {
  const all = await factorsOfUser(dependencies.store.tenant(call.tenantId), userId);
  const passkeys = passkeysAmong(all);
  const relyingPartyId = passkeys.length === 0 ? "" : (await relyingPartyOf(dependencies, call, "own")).id;
  return {
    totp: all.some(({ record }) => record.kind.case === "totp"),
    emailOtp: all.some(({ record }) => record.kind.case === "emailOtp"),
    smsOtp: all.some(({ record }) => record.kind.case === "smsOtp"),
    passkey: passkeys.some(({ passkey }) => passkey.rpId === relyingPartyId),
  };
}

/** Whether there is any. */
export const hasSecondFactor = ({ totp, passkey, emailOtp, smsOtp }: SecondFactors): boolean =>
  totp || passkey || emailOtp || smsOtp;
