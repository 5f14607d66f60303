import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { FactorUseSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { replace } from "../../store/writes.ts";
import { factorUses } from "../collections.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { factorsOfUser } from "../factors/factors-of-user.ts";
import { openSecret } from "../factors/totp-secret.ts";
import { acceptedStep } from "../factors/totp.ts";
import type { GoneOn } from "./go-on.ts";
import { takeSecondFactor, type GivenCode } from "./second-factor.ts";
import type { UsedUp } from "./complete-flow.ts";

/** Takes a code of one of the person's authenticator apps: of whichever shows it. */
export const takeTotp = (dependencies: AuthDependencies, call: Call, given: GivenCode): Promise<GoneOn> =>
  takeSecondFactor(dependencies, call, given, { step: FlowStep.TOTP, factor: SignInFactor.TOTP }, ({ userId }) =>
    useUpStep(dependencies, call, userId, given.code),
  );

/** The step of time whose code this is, used up on the app that shows it; undefined for a code that none shows. */
async function useUpStep(
  { store, vault, clock }: Pick<AuthDependencies, "store" | "vault" | "clock">,
  call: Call,
  userId: string,
  code: string,
): Promise<UsedUp | undefined> {
  const data = store.tenant(call.tenantId);
  const now = clock();
  for (const { record: factor } of await factorsOfUser(data, userId)) {
    if (factor.kind.case !== "totp") continue;
    const use = await data.get(factorUses, factor.id);
    if (use === undefined) continue; // removed at this moment
    const { sealedSecret } = factor.kind.value;
    const secret = await openSecret(vault, call, "factor", { id: factor.id, sealedSecret });
    const step = await acceptedStep(secret, code, now, Number(use.record.lastStep));
    if (step === undefined) continue;
    const used = create(FactorUseSchema, {
      ...use.record,
      lastStep: BigInt(step),
      lastUseTime: timestampFromMs(now),
    });
    return { writes: [replace(factorUses, used, use.version)], events: [] };
  }
  return undefined;
}
