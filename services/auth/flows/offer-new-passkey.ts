import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  OfferNewPasskeyResponseSchema,
  type OfferNewPasskeyRequest,
  type OfferNewPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { offeredPasskey } from "../passkeys/offered-passkey.ts";
import { openFlow } from "./open-flow.ts";

/** Answers what a browser makes a passkey by that the person adds to go on: by the challenge of the flow's present step. */
export function offerNewPasskey(dependencies: AuthDependencies) {
  const { store, vault } = dependencies;
  return async (request: OfferNewPasskeyRequest, context: HandlerContext): Promise<OfferNewPasskeyResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const { record: flow } = await openFlow(data, tenantVault, request, FlowStep.ENROL_PASSKEY);
    const toBe = { userId: flow.userId, challenge: flow.passkeyChallenge };
    const optionsJson = await offeredPasskey(dependencies, call, toBe, await factorsOfUser(data, flow.userId));
    return create(OfferNewPasskeyResponseSchema, { optionsJson });
  };
}
