import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { ulid } from "../../vault/random.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { newPasskeyFactor } from "../factors/new-passkey-factor.ts";
import { passkeyMethods } from "../passkeys/passkey-methods.ts";
import { passkeyNotAccepted } from "../passkeys/passkey-not-accepted.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { verifyRegistration } from "../passkeys/verify-registration.ts";
import { addInFlow, type GoneOnWithCodes } from "./add-in-flow.ts";
import { openFlow, stepNotExpected, type FlowReference } from "./open-flow.ts";

/**
 * Adds the passkey that was made within a flow, which counts as the second factor. Attempts are not counted: there is nothing to
 * guess. Outside of our pages it may have been made by whichever page or app the tenant names, as one that is shown.
 */
export async function takeNewPasskey(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowReference & { readonly credentialJson: string },
): Promise<GoneOnWithCodes> {
  const { store, vault } = dependencies;
  const tenantVault = await vault.tenant(call.tenantId);
  const stored = await openFlow(store.tenant(call.tenantId), tenantVault, given, FlowStep.ENROL_PASSKEY);
  const { userId, passkeyChallenge: challenge } = stored.record;
  try {
    return await addInFlow(dependencies, call, stored, given, SignInFactor.PASSKEY, async (now) => {
      const relyingParty = await relyingPartyOf(dependencies, call, given.browser === undefined ? "any" : "own");
      const made = await verifyRegistration(given.credentialJson, { relyingParty, challenge });
      if (made === undefined) throw passkeyNotAccepted("credential_json");
      const added = newPasskeyFactor(call, now, { id: ulid(now), userId, displayName: "" }, made);
      return { ...added, methods: passkeyMethods(made.passkey) };
    });
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    if (error.reason === "unique") throw passkeyNotAccepted("credential_json");
    // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
    throw stepNotExpected();
  }
}
