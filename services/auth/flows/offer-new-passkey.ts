import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  OfferNewPasskeyResponseSchema,
  type OfferNewPasskeyRequest,
  type OfferNewPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { offeredPasskey } from "../passkeys/offered-passkey.ts";
import { openFlow, type FlowReference } from "./open-flow.ts";

/** Answers what a browser makes a passkey by that the person adds to go on: by the challenge of the flow's present step. */
export async function newPasskeyOfFlow(
  dependencies: AuthDependencies,
  call: Call,
  reference: FlowReference,
): Promise<string> {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const { record: flow } = await openFlow(data, await vault.tenant(call.tenantId), reference, FlowStep.ENROL_PASSKEY);
  const toBe = { userId: flow.userId, challenge: flow.passkeyChallenge };
  return offeredPasskey(dependencies, call, toBe, await factorsOfUser(data, flow.userId));
}

/** The same in a browser's flow. */
export function offerNewPasskey(dependencies: AuthDependencies) {
  return async (request: OfferNewPasskeyRequest, context: HandlerContext): Promise<OfferNewPasskeyResponse> => {
    const optionsJson = await newPasskeyOfFlow(dependencies, callOf(context), request);
    return create(OfferNewPasskeyResponseSchema, { optionsJson });
  };
}
