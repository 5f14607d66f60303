import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkStillGood } from "./check-still-good.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { openFlow, stepNotExpected, type FlowReference } from "./open-flow.ts";

/**
 * Takes the new password of a flow that asks for one, and goes on. What the flow proved counts as long as nothing else
 * voided the user since: the change itself must be the very next epoch, which the session then carries. An administrator who
 * disables the user, or sets a password of their own, so leaves no session behind, at whichever moment they come.
 *
 * A crash before the change leaves the flow as it was; one within it, a flow that takes the same password again; one after
 * it, a changed password to sign in with, and nothing open.
 */
export async function takeNewPassword(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowReference & { readonly newPassword: string },
): Promise<GoneOn> {
  const { store, vault, peers } = dependencies;
  const data = store.tenant(call.tenantId);
  const stored = await openFlow(data, await vault.tenant(call.tenantId), given, FlowStep.NEW_PASSWORD);
  const { userId, userEpoch: proven } = stored.record;
  await checkStillGood(dependencies, call, stored.record);
  const { userEpoch, secondFactorNeeded } = await peers
    .client(CredentialService)
    .changePassword({ userId, newPassword: given.newPassword }, forward(call));
  if (userEpoch !== proven + 1n) throw stepNotExpected();
  return goOn(dependencies, call, stored, { userEpoch, passwordChangeRequired: false, secondFactorNeeded }, given);
}
