import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  FinishPasskeyRegistrationResponseSchema,
  type FinishPasskeyRegistrationRequest,
  type FinishPasskeyRegistrationResponse,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { userOf } from "../../host/user-of.ts";
import { Conflict } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { enrolments } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeyNotAccepted } from "../passkeys/passkey-not-accepted.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { verifyRegistration } from "../passkeys/verify-registration.ts";
import { addedFactor } from "./added-factor.ts";
import { checkFactorAllowed } from "./check-factor-allowed.ts";
import { checkFactorLimit } from "./factor-limit.ts";
import { factorMessage } from "./factor-message.ts";
import { factorNotFound } from "./factor-not-found.ts";
import { factorsOfUser } from "./factors-of-user.ts";
import { newPasskeyFactor } from "./new-passkey-factor.ts";

/**
 * Adds the passkey that a browser made by the challenge of an enrolment, which is used up in the same commit (security A24). A
 * passkey that somebody here has already is refused (WebAuthn §7.1). A repeat finds the factor and answers it.
 */
export function finishPasskeyRegistration(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "tenants" | "policies" | "clock">,
) {
  const { store, clock } = dependencies;
  return async (
    request: FinishPasskeyRegistrationRequest,
    context: HandlerContext,
  ): Promise<FinishPasskeyRegistrationResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const userId = userOf(call, request);
    const { factorId: id, credentialJson } = request;
    const before = await addedFactor(data, userId, id);
    if (before !== undefined) return create(FinishPasskeyRegistrationResponseSchema, { factor: before });
    const enrolment = await data.get(enrolments, id);
    if (enrolment?.record.userId !== userId || enrolment.record.challenge === "") throw factorNotFound();
    await checkFactorAllowed(dependencies, call, userId, SignInFactor.PASSKEY);
    checkFactorLimit(await factorsOfUser(data, userId));
    const { challenge } = enrolment.record;
    const made = await verifyRegistration(credentialJson, {
      relyingParty: await relyingPartyOf(dependencies, call, "any"),
      challenge,
    });
    if (made === undefined) throw passkeyNotAccepted("credential_json");
    const { factor, use, writes, event } = newPasskeyFactor(call, clock(), enrolment.record, made);
    try {
      await data.commit([remove(enrolments, enrolment), ...writes], [event]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      if (error.reason === "unique") throw passkeyNotAccepted("credential_json");
      const meanwhile = await addedFactor(data, userId, id);
      if (meanwhile === undefined) throw factorNotFound();
      return create(FinishPasskeyRegistrationResponseSchema, { factor: meanwhile });
    }
    return create(FinishPasskeyRegistrationResponseSchema, { factor: factorMessage(factor, use) });
  };
}
