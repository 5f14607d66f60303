import { create } from "@bufbuild/protobuf";
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
import { passkeyMethods } from "../passkeys/passkey-methods.ts";
import { passkeyNotAccepted } from "../passkeys/passkey-not-accepted.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { verifyRegistration } from "../passkeys/verify-registration.ts";
import { addInFlow } from "./add-in-flow.ts";
import { flowMessage } from "./flow-message.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Adds the passkey that a browser made within a flow, which counts as the second factor. Attempts are not counted: there is
 * nothing to guess.
 */
export function acceptPasskey(dependencies: AuthDependencies) {
  const { store, vault } = dependencies;
  return async (request: AcceptPasskeyRequest, context: HandlerContext): Promise<AcceptPasskeyResponse> => {
    const call = callOf(context);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await openFlow(store.tenant(call.tenantId), tenantVault, request, FlowStep.ENROL_PASSKEY);
    const { userId, passkeyChallenge: challenge } = stored.record;
    try {
      const gone = await addInFlow(dependencies, call, stored, request, SignInFactor.PASSKEY, async (now) => {
        const relyingParty = await relyingPartyOf(dependencies, call, "own");
        const made = await verifyRegistration(request.credentialJson, { relyingParty, challenge });
        if (made === undefined) throw passkeyNotAccepted("credential_json");
        const added = newPasskeyFactor(call, now, { id: ulid(now), userId, displayName: "" }, made);
        return { ...added, methods: passkeyMethods(made.passkey) };
      });
      const { flow, sessionToken, recoveryCodes } = gone;
      return create(AcceptPasskeyResponseSchema, {
        flow: flowMessage(request.flowId, flow),
        sessionToken,
        recoveryCodes: [...recoveryCodes],
      });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (error.reason === "unique") throw passkeyNotAccepted("credential_json");
      // Codes were made elsewhere at this moment: begin again, and be asked by what there is then.
      throw stepNotExpected();
    }
  };
}
