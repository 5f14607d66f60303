import { create } from "@bufbuild/protobuf";
import { FlowSchema, type Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { BrowserContext } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser, recoveryCodesLeft } from "../factors/factors-of-user.ts";
import { advanceFlow, completeFlow, type UsedUp } from "./complete-flow.ts";

/** Where a flow has come to. */
export interface GoneOn {
  readonly flow: Flow;
  /** What the browser's cookie must hold from now on; empty until the flow is completed. */
  readonly sessionToken: string;
}

/**
 * Goes on with a flow after a step of it succeeded: to what is still asked of the person, or to its end. Every step ends
 * here, so that none is a way around another (security A5, A6): what a flow asks for is decided by what it has proven until
 * then, anew each time. `proven` is what the step adds; `usedUp` what it used up, which is committed with it.
 */
export async function goOn(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "clock">,
  call: Call,
  stored: Stored<typeof FlowSchema>,
  proven: Partial<Flow>,
  browser: BrowserContext | undefined,
  usedUp?: UsedUp,
): Promise<GoneOn> {
  const data = dependencies.store.tenant(call.tenantId);
  const next = await nextOf(data, create(FlowSchema, { ...stored.record, ...proven }));
  if (next === undefined) return completeFlow(dependencies, call, stored, proven, browser, usedUp);
  const change = { ...proven, ...next };
  const { record: flow } = await advanceFlow(data, call, dependencies.clock(), stored, change, usedUp);
  return { flow, sessionToken: "" };
}

/**
 * What a flow still asks for, in the order in which a person meets it; undefined when it may be completed. A second factor
 * comes before a new password: whoever knows the old one only must not choose the next.
 */
async function nextOf(
  data: TenantStore,
  flow: Flow,
): Promise<{ readonly state: FlowState; readonly nextSteps: FlowStep[] } | undefined> {
  if (!flow.amr.includes("mfa")) {
    const nextSteps = await secondFactors(data, flow.userId);
    if (nextSteps.length > 0) return { state: FlowState.MFA_REQUIRED, nextSteps };
  }
  if (flow.passwordChangeRequired) return { state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.NEW_PASSWORD] };
  return undefined;
}

/** The steps by which a person can show a second factor; none where they have none. Recovery codes stand in for others. */
async function secondFactors(data: TenantStore, userId: string): Promise<FlowStep[]> {
  if ((await factorsOfUser(data, userId)).length === 0) return [];
  const left = await recoveryCodesLeft(data, userId);
  return [FlowStep.TOTP, ...(left > 0 ? [FlowStep.RECOVERY_CODE] : [])];
}
