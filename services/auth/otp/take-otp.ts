import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FactorUseSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { OtpChannel } from "#gen/koder/auth/v1/factor_pb.ts";
import type { Call } from "../../host/call.ts";
import { replace } from "../../store/writes.ts";
import { factorUses, otpChallenges } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import type { UsedUp } from "../flows/complete-flow.ts";
import type { GoneOn } from "../flows/go-on.ts";
import { findFlow } from "../flows/open-flow.ts";
import { takeSecondFactor, type GivenCode } from "../flows/second-factor.ts";
import { challengeOfFlow, useUpCode } from "./otp-challenge.ts";
import { channelParts } from "./otp-channels.ts";

/** Takes the code that a flow's person was sent last, by whichever channel: what it proves depends on which that was. */
export async function takeOtp(dependencies: AuthDependencies, call: Call, given: GivenCode): Promise<GoneOn> {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const { record } = await findFlow(data, await vault.tenant(call.tenantId), given);
  const sent = await data.get(otpChallenges, challengeOfFlow(record));
  // Where none was sent the answer is that of a wrong code.
  const offered = record.nextSteps.includes(channelParts(OtpChannel.EMAIL).step) ? OtpChannel.EMAIL : OtpChannel.SMS;
  const channel = (sent?.record.channel as OtpChannel | undefined) ?? offered;
  const { step, allowed, method } = channelParts(channel);
  return takeSecondFactor(
    dependencies,
    call,
    given,
    { step, factor: allowed },
    ({ userId, idHash }) => useUp(dependencies, call, { userId, idHash, channel, code: given.code }),
    method,
  );
}

/** The code, and the factor that it came by; undefined for a wrong one, or a factor that is gone. */
async function useUp(
  dependencies: AuthDependencies,
  call: Call,
  given: { readonly userId: string; readonly idHash: string; readonly channel: OtpChannel; readonly code: string },
): Promise<UsedUp | undefined> {
  const data = dependencies.store.tenant(call.tenantId);
  const used = await useUpCode(dependencies, call, challengeOfFlow(given), given.channel, given.code);
  const kind = channelParts(given.channel).factor;
  const factor = (await factorsOfUser(data, given.userId)).find(({ record }) => record.kind.case === kind);
  const use = factor === undefined ? undefined : await data.get(factorUses, factor.record.id);
  if (used === undefined || use === undefined) return undefined;
  const lastUseTime = timestampFromMs(dependencies.clock());
  const noted = create(FactorUseSchema, { ...use.record, lastUseTime });
  return { writes: [used, replace(factorUses, noted, use.version)], events: [] };
}
