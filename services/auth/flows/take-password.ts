import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { countAttempt } from "../attempts.ts";
import { attemptsOfTenant } from "../policy/attempts-of-tenant.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { knownDeviceId } from "../devices/known-device.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { openFlow, remoteAddressOf, type FlowReference } from "./open-flow.ts";

/**
 * Takes the password of a flow. The user's epoch is read and the attempt counted before the password is verified: so a
 * password change or a disabling that happens meanwhile voids the session that would come of it, and no guess is free. What
 * goes wrong has one answer, whoever the name belongs to (security A23).
 *
 * A crash after the count leaves a failure too many; one after the verification, a flow that can be tried again; later
 * ones are told at `completeFlow`.
 */
export async function takePassword(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowReference & { readonly password: string },
): Promise<GoneOn> {
  const { store, vault, peers, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const stored = await openFlow(data, tenantVault, given, FlowStep.PASSWORD);
  const { userId, accountKey, nameKey, clientId } = stored.record;
  const [{ userEpoch }, deviceId] = await Promise.all([
    peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
    knownDeviceId(data, tenantVault, userId, given.browser),
  ]);
  const attempt = await countAttempt(data, await attemptsOfTenant(dependencies, call), clock, {
    accountKey,
    nameKey: `${nameKey}/${userId}`,
    userEpoch,
    remoteAddress: remoteAddressOf(call, given),
    knownDevice: deviceId,
  });
  // Where the account is held up, nobody's password is verified: it takes as long, and is wrong.
  const { verified, passwordChangeRequired, secondFactorNeeded } = await peers
    .client(CredentialService)
    .verifyPassword({ userId: attempt.isHeldUp ? "" : userId, password: given.password }, forward(call));
  // Whether it was right is not told to whom it does not sign in.
  if (!verified || !(await isAllowed())) {
    throw authFailure(AuthErrorReason.PASSWORD_MISMATCH, "the name or the password is not right");
  }
  // Beside what follows, not before it: on a store that groups commits they share a transaction.
  const takenBack = attempt.succeeded();
  const authTime = timestampFromMs(clock());
  const shown = { amr: ["pwd"], firstFactor: SignInFactor.PASSWORD };
  const proven = { ...shown, authTime, userEpoch, passwordChangeRequired, secondFactorNeeded };
  const [gone] = await Promise.all([goOn(dependencies, call, stored, proven, given), takenBack]);
  return gone;

  async function isAllowed(): Promise<boolean> {
    return (await rulesOfSignIn(dependencies, call, { userId, clientId })).firstFactors.has(SignInFactor.PASSWORD);
  }
}
