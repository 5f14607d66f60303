import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  OfferSignInResponseSchema,
  type OfferSignInRequest,
  type OfferSignInResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { firstFactorOptions } from "../passkeys/request-options.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { offerFlow } from "./offered-flow.ts";

/** By what a sign-in to a client may begin in a browser, for all that is known before it has. Most calls read nothing. */
export function offerSignIn(dependencies: AuthDependencies) {
  return async ({ clientId, browser }: OfferSignInRequest, context: HandlerContext): Promise<OfferSignInResponse> => {
    const call = callOf(context);
    const { vault, policies, clock } = dependencies;
    const [{ firstFactors }, { signUpAllowed }, relyingParty, tenantVault] = await Promise.all([
      rulesOfSignIn(dependencies, call, { userId: "", clientId }),
      policies.get(call),
      relyingPartyOf(dependencies, call, "own"),
      vault.tenant(call.tenantId),
    ]);
    const passkeyOptionsJson = firstFactors.has(SignInFactor.PASSKEY)
      ? firstFactorOptions(relyingParty, offerFlow(tenantVault, clock(), browser?.browserToken ?? ""))
      : "";
    const password = firstFactors.has(SignInFactor.PASSWORD);
    return create(OfferSignInResponseSchema, { password, passkeyOptionsJson, signUpAllowed });
  };
}
