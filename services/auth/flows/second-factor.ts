import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import type { Call } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { countAttempt } from "../attempts.ts";
import { attemptsOfTenant } from "../policy/attempts-of-tenant.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { isSecondFactorTaken } from "../factors/second-factors.ts";
import { knownDeviceId } from "../devices/known-device.ts";
import { checkStillGood } from "./check-still-good.ts";
import type { UsedUp } from "./complete-flow.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { openFlow, remoteAddressOf, stepNotExpected, type FlowReference } from "./open-flow.ts";
import { withSecondFactor } from "./with-second-factor.ts";

/** A code that a person gives for their flow. */
export interface GivenCode extends FlowReference {
  readonly code: string;
}

/**
 * Takes a code as the second factor of a flow. The attempt is counted before anything of it is verified (security A7), in a
 * row of its own, so that a right password gives no more guesses; where the person has signed in before, in one of that browser, so
 * that whoever has learnt their password cannot keep them out by wrong codes. `useUp` verifies the code as things are now, and answers
 * what accepting it uses up; undefined for a wrong one. That is committed with the flow's next state: a code is used and has
 * its effect, or neither (security A24). `method` is what it counts as (RFC 8176). Where another request used something of it up meanwhile, it is verified anew.
 */
export async function takeSecondFactor(
  dependencies: AuthDependencies,
  call: Call,
  given: GivenCode,
  { step, factor }: { readonly step: FlowStep; readonly factor: SignInFactor },
  useUp: (flow: Flow) => Promise<UsedUp | undefined>,
  method: "otp" | "sms" = "otp",
): Promise<GoneOn> {
  const { store, vault, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const stored = await openFlow(data, tenantVault, given, step);
  await checkStillGood(dependencies, call, stored.record);
  const { record: flow } = stored;
  // It was when it was asked for: the policy has changed since.
  const rules = await rulesOfSignIn(dependencies, call, flow);
  if (!(await isSecondFactorTaken(dependencies, call, flow.userId, rules, factor))) throw stepNotExpected();
  const attempt = await countAttempt(data, await attemptsOfTenant(dependencies, call), clock, {
    accountKey: `${flow.accountKey}/second-factor`,
    userEpoch: flow.userEpoch,
    remoteAddress: remoteAddressOf(call, given),
    knownDevice: await knownDeviceId(data, tenantVault, flow.userId, given.browser),
  });
  for (;;) {
    const usedUp = await useUp(flow);
    if (usedUp === undefined) {
      throw authFailure(AuthErrorReason.CODE_MISMATCH, "the code is wrong, too old, or was used before");
    }
    const proven = { ...withSecondFactor(flow, factor, [method]), authTime: timestampFromMs(clock()) };
    try {
      const gone = await goOn(dependencies, call, stored, proven, given, usedUp);
      await attempt.succeeded();
      return gone;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
    }
  }
}
