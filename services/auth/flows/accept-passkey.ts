import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AcceptPasskeyResponseSchema,
  type AcceptPasskeyRequest,
  type AcceptPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { ulid } from "../../vault/random.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { newPasskeyFactor } from "../factors/new-passkey-factor.ts";
import { newRecoveryCodes } from "../factors/new-recovery-codes.ts";
import { passkeyMethods } from "../passkeys/passkey-methods.ts";
import { passkeyNotAccepted } from "../passkeys/passkey-not-accepted.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { verifyRegistration } from "../passkeys/verify-registration.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { checkStillGood } from "./check-still-good.ts";
import { flowMessage } from "./flow-message.ts";
import { goOn } from "./go-on.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Adds the passkey that a browser made within a flow, which counts as the second factor. Passkey, recovery codes and the flow's
 * next state are one commit. Attempts are not counted: there is nothing to guess.
 */
export function acceptPasskey(dependencies: AuthDependencies) {
  const { store, vault, clock } = dependencies;
  return async (request: AcceptPasskeyRequest, context: HandlerContext): Promise<AcceptPasskeyResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await openFlow(data, tenantVault, request, FlowStep.ENROL_PASSKEY);
    await checkStillGood(dependencies, call, stored.record);
    const { secondFactors } = await rulesOfSignIn(dependencies, call, stored.record);
    if (!secondFactors.has(SignInFactor.PASSKEY)) throw stepNotExpected(); // the policy has changed since
    const { userId, amr, passkeyChallenge: challenge } = stored.record;
    const relyingParty = await relyingPartyOf(dependencies, call, "own");
    const made = await verifyRegistration(request.credentialJson, { relyingParty, challenge });
    if (made === undefined) throw passkeyNotAccepted("credential_json");
    const now = clock();
    const added = newPasskeyFactor(call, now, { id: ulid(now), userId, displayName: "" }, made);
    const recovery = secondFactors.has(SignInFactor.RECOVERY_CODE)
      ? await newRecoveryCodes(data, tenantVault, call, now, userId)
      : undefined;
    const proven = { amr: [...amr, ...passkeyMethods(made.passkey), "mfa"], authTime: timestampFromMs(now) };
    const usedUp = {
      writes: [...added.writes, ...(recovery === undefined ? [] : [recovery.write])],
      events: [added.event, ...(recovery === undefined ? [] : [recovery.event])],
    };
    try {
      const { flow, sessionToken } = await goOn(dependencies, call, stored, proven, request, usedUp);
      return create(AcceptPasskeyResponseSchema, {
        flow: flowMessage(request.flowId, flow),
        sessionToken,
        recoveryCodes: [...(recovery?.codes ?? [])],
      });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (error.reason === "unique") throw passkeyNotAccepted("credential_json");
      // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
      throw stepNotExpected();
    }
  };
}
