import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, Write } from "../../store/store.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { newRecoveryCodes } from "../factors/new-recovery-codes.ts";
import { secondFactorsOf } from "../factors/second-factors.ts";
import { isAnyShown, shownFactors } from "../factors/shown-factors.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { checkStillGood } from "./check-still-good.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { stepNotExpected, type FlowReference } from "./open-flow.ts";
import { withSecondFactor } from "./with-second-factor.ts";

/** A factor that its person has shown within a flow. */
export interface AddedFactor {
  /** What is committed to add it. */
  readonly writes: readonly Write[];
  readonly event: Event;
  /** What showing it was (RFC 8176). */
  readonly methods: readonly string[];
}

/** Where a flow has come to by it. */
export interface GoneOnWithCodes extends GoneOn {
  readonly recoveryCodes: readonly string[];
}

/**
 * Adds a factor within a flow, which counts as the second one there. Factor, recovery codes and the flow's next state are one
 * commit. `show` verifies that the person has it; it is not asked where the policy does not allow such a factor any
 * more, or the person has one by now. Rejects with the Conflict of what it wrote.
 */
export async function addInFlow(
  dependencies: AuthDependencies,
  call: Call,
  stored: Stored<typeof FlowSchema>,
  reference: FlowReference,
  factor: SignInFactor,
  show: (now: number) => Promise<AddedFactor>,
): Promise<GoneOnWithCodes> {
  const { store, vault, clock } = dependencies;
  const { userId } = stored.record;
  await checkStillGood(dependencies, call, stored.record);
  const rules = await rulesOfSignIn(dependencies, call, stored.record);
  const { secondFactors } = rules;
  if (!secondFactors.has(factor)) throw stepNotExpected(); // the policy has changed since
  const { allowed, isAnyThere } = await secondFactorsOf(dependencies, call, userId, rules);
  // One was added elsewhere since: the password alone adds none beside it, nor beside one that is not allowed.
  if (allowed.size > 0 || (isAnyThere && !isAnyShown(shownFactors(stored.record)))) throw stepNotExpected();
  const now = clock();
  const { writes, event, methods } = await show(now);
  const recovery = secondFactors.has(SignInFactor.RECOVERY_CODE)
    ? await newRecoveryCodes(store.tenant(call.tenantId), await vault.tenant(call.tenantId), call, now, userId)
    : undefined;
  const proven = { ...withSecondFactor(stored.record, factor, methods), authTime: timestampFromMs(now) };
  const usedUp = {
    writes: [...writes, ...(recovery === undefined ? [] : [recovery.write])],
    events: [event, ...(recovery === undefined ? [] : [recovery.event])],
  };
  const gone = await goOn(dependencies, call, stored, proven, reference, usedUp);
  return { ...gone, recoveryCodes: recovery?.codes ?? [] };
}
