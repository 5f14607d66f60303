import type { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { isSecondFactorTaken } from "../factors/second-factors.ts";
import { checkStillGood } from "../flows/check-still-good.ts";
import { openFlow, remoteAddressOf, stepNotExpected, type FlowReference } from "../flows/open-flow.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { maskedDestination } from "./destination.ts";
import { challengeOfFlow } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";
import { otpDestination } from "./otp-destination.ts";
import { sendCode } from "./send-code.ts";

/**
 * Sends a code to whoever stands before the second factor of a flow, where they have added that. Nobody is sent one, and nobody
 * learns where it would go, before the first factor was right.
 */
export async function sendOtpOfFlow(
  dependencies: AuthDependencies,
  call: Call,
  asked: FlowReference & { readonly channel: OtpChannel },
): Promise<{ readonly destination: string; readonly expires: number }> {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const { channel } = asked;
  const { step, allowed, factor: kind } = channelParts(channel);
  const { record: flow } = await openFlow(data, await vault.tenant(call.tenantId), asked, step);
  await checkStillGood(dependencies, call, flow);
  const { userId } = flow;
  const rules = await rulesOfSignIn(dependencies, call, flow);
  if (!(await isSecondFactorTaken(dependencies, call, userId, rules, allowed))) throw stepNotExpected();
  const factor = (await factorsOfUser(data, userId)).find(({ record }) => record.kind.case === kind)?.record;
  if (factor === undefined) throw stepNotExpected(); // removed since
  const phoneNumber = factor.kind.case === "smsOtp" ? factor.kind.value.phoneNumber : "";
  const { to, locale } = await otpDestination(dependencies, call, userId, channel, phoneNumber);
  const expires = await sendCode(dependencies, call, {
    challengeId: challengeOfFlow(flow),
    userId,
    channel,
    to,
    locale,
    remoteAddress: remoteAddressOf(call, asked),
  });
  return { destination: maskedDestination(to), expires };
}
