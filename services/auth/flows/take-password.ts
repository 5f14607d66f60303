import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
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
import type { Stored } from "../../store/store.ts";
import { knownDevice } from "../devices/known-device.ts";
import { newFlow, type FlowToBe } from "./begin-flow.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { openFlow, remoteAddressOf, stepNotExpected, type FlowReference } from "./open-flow.ts";

/** Takes the password of a flow that waits for it. */
export async function takePassword(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowReference & { readonly password: string },
): Promise<GoneOn> {
  const { store, vault } = dependencies;
  const data = store.tenant(call.tenantId);
  const stored = await openFlow(data, await vault.tenant(call.tenantId), given, FlowStep.PASSWORD);
  return verifyPassword(dependencies, call, stored, given);
}

/**
 * Begins a flow in a browser by a login name and its password. It is kept by the commit that moves it on, which no wrong password
 * comes to. Answers its id as well.
 */
export async function beginWithPassword(
  dependencies: AuthDependencies,
  call: Call,
  given: FlowToBe & { readonly password: string },
): Promise<GoneOn & { readonly id: string }> {
  const { id, record } = await newFlow(dependencies, call, given);
  if (!record.nextSteps.includes(FlowStep.PASSWORD)) throw stepNotExpected();
  const { browser, password } = given;
  const reference = { flowId: id, browser, isNew: true };
  const gone = await verifyPassword(dependencies, call, { record, version: 0 }, { ...reference, password });
  return { ...gone, id };
}

/**
 * Verifies the password of a flow. The user's epoch is read and the attempt counted before: so a password change or a disabling
 * that happens meanwhile voids the session that would come of it, and no guess is free. What goes wrong has one answer, whoever
 * the name belongs to (security A23).
 *
 * A crash after the count leaves a failure too many; one after the verification, a password that can be given again; later ones
 * are told at `completeFlow`.
 */
async function verifyPassword(
  dependencies: AuthDependencies,
  call: Call,
  stored: Stored<typeof FlowSchema>,
  given: FlowReference & { readonly password: string },
): Promise<GoneOn> {
  const { store, vault, peers, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const tenantVault = await vault.tenant(call.tenantId);
  const { userId, accountKey, nameKey, clientId } = stored.record;
  const remoteAddress = remoteAddressOf(call, given);
  const [{ userEpoch }, known, policy] = await Promise.all([
    peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
    knownDevice(data, tenantVault, userId, given.browser?.browserToken ?? ""),
    attemptsOfTenant(dependencies, call),
  ]);
  const attempt = await countAttempt(data, policy, clock, {
    accountKey,
    nameKey: `${nameKey}/${userId}`,
    userEpoch,
    remoteAddress,
    knownDevice: known?.record.idHash,
    beginsFlow: given.isNew ?? false,
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
  const [gone] = await Promise.all([
    goOn(dependencies, call, stored, proven, { ...given, device: { stored: known } }),
    takenBack,
  ]);
  return gone;

  async function isAllowed(): Promise<boolean> {
    return (await rulesOfSignIn(dependencies, call, { userId, clientId })).firstFactors.has(SignInFactor.PASSWORD);
  }
}
