import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkStillGood } from "../flows/check-still-good.ts";
import { advanceFlow } from "../flows/complete-flow.ts";
import { goOn, type GoneOn } from "../flows/go-on.ts";
import { openFlow, stepNotExpected, type FlowReference } from "../flows/open-flow.ts";
import { acceptance } from "./accepted-terms.ts";
import { noTerms, termsNotAccepted } from "./terms-to-accept.ts";

/**
 * Keeps that the person of a flow accepted the terms, in the commit that moves the flow on. It is the version that the flow
 * named, and they were shown: a form that is sent twice accepts no other one that has taken its place meanwhile.
 */
export async function acceptTermsOfFlow(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowReference & { readonly version: string },
): Promise<GoneOn> {
  const { store, vault, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const stored = await openFlow(data, await vault.tenant(call.tenantId), given, FlowStep.ACCEPT_TERMS);
  const { userId, askedTermsVersion: version, askedTermsUri: uri } = stored.record;
  if (given.version !== version) throw termsNotAccepted("version", version);
  await checkStillGood(dependencies, call, stored.record);
  const { write, event } = await acceptance(data, call, clock(), { userId, version, uri });
  const usedUp = { writes: [write], events: [event] };
  try {
    return await goOn(dependencies, call, stored, { acceptedTermsVersion: version }, given, usedUp);
  } catch (error) {
    // They were accepted elsewhere at this moment: begin again, and be asked by what there is then.
    throw error instanceof Conflict ? stepNotExpected() : error;
  }
}

/** Ends a flow whose person declined the terms. */
export async function declineTermsOfFlow(
  { store, vault, clock }: Pick<AuthDependencies, "store" | "vault" | "clock">,
  call: Call,
  reference: FlowReference,
): Promise<GoneOn> {
  const data = store.tenant(call.tenantId);
  const stored = await openFlow(data, await vault.tenant(call.tenantId), reference, FlowStep.ACCEPT_TERMS);
  const failed = { ...noTerms, state: FlowState.FAILED, nextSteps: [], termsDeclined: true };
  const { record: flow } = await advanceFlow(data, call, clock(), stored, failed);
  return { flow, sessionToken: "", loginHandle: "" };
}
