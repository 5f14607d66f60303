import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { FlowSchema, type Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { countAttempt } from "../attempts.ts";
import { attemptsOfTenant } from "../policy/attempts-of-tenant.ts";
import { rulesOfSignIn } from "../policy/effective-policy.ts";
import { credentialKey, factors } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { isSecondFactorTaken } from "../factors/second-factors.ts";
import { knownDeviceId } from "../devices/known-device.ts";
import { challengeOf, readAssertion } from "../passkeys/credential-json.ts";
import { passkeyMethods } from "../passkeys/passkey-methods.ts";
import { passkeyNotAccepted } from "../passkeys/passkey-not-accepted.ts";
import { passkeysAmong, type PasskeyFactor } from "../passkeys/passkeys-among.ts";
import { relyingPartyOf } from "../passkeys/relying-party.ts";
import { useUpPasskey } from "../passkeys/use-up-passkey.ts";
import { verifyAssertion } from "../passkeys/verify-assertion.ts";
import { checkStillGood } from "./check-still-good.ts";
import { goOn, type GoneOn } from "./go-on.ts";
import { offeredFlow } from "./offered-flow.ts";
import { openFlow, remoteAddressOf, stepNotExpected, type FlowReference } from "./open-flow.ts";
import { withSecondFactor } from "./with-second-factor.ts";

/** What a passkey signed, for a flow or to begin one. */
export interface GivenPasskey extends FlowReference {
  readonly credentialJson: string;
  /** For a flow that begins with it. */
  readonly clientId?: string;
}

/**
 * Takes a passkey: in the place of the password, or as the second factor. In the place of the password it is two factors in one,
 * because its authenticator has to verify its user; whom it signs in is for it to say. The epoch is read and the attempt counted
 * before anything is verified, as at a password (security A7, A8). Its challenge and its counter are used up in the commit that
 * moves the flow on (security A24). Whatever is wrong has one answer (security A23).
 */
export async function takePasskey(dependencies: AuthDependencies, call: Call, given: GivenPasskey): Promise<GoneOn> {
  const { store, peers, clock } = dependencies;
  const data = store.tenant(call.tenantId);
  const assertion = readAssertion(given.credentialJson);
  const before = await flowOf(dependencies, call, given, assertion);
  if (assertion === undefined) throw passkeyNotAccepted("credential_json");
  const isFirst = before.record.state === FlowState.PENDING;
  const found = await passkeyFor(dependencies, call, before.record, assertion);
  // Where somebody was named, whether a passkey of anybody else has this id is not told.
  const isUnknown = found === undefined && before.record.accountKey === "";
  const stored = withPerson(before, found);
  const { userId } = stored.record;
  const userEpoch = isFirst ? await epochOf() : stored.record.userEpoch;
  if (!isFirst) await checkStillGood(dependencies, call, stored.record);
  // A browser's flow is ours to ask in; one outside of it belongs to pages or apps that we do not know.
  const relyingParty = await relyingPartyOf(dependencies, call, given.browser === undefined ? "any" : "own");
  const attempt = await countAttempt(data, await attemptsOfTenant(dependencies, call), clock, {
    accountKey: `${stored.record.accountKey || credentialKey(Buffer.from(assertion.id))}/${isFirst ? "passkey" : "second-factor"}`,
    nameKey: isFirst && before.record.nameKey !== "" ? `${before.record.nameKey}/${userId}/passkey` : undefined,
    userEpoch,
    remoteAddress: remoteAddressOf(call, given),
    knownDevice: await deviceId(),
  });
  const shown =
    found !== undefined && !attempt.isHeldUp && (await isAllowed()) && (!isFirst || (await maySignIn()))
      ? await verifyAssertion(assertion, {
          passkey: found.passkey,
          userId,
          relyingParty,
          challenge: stored.record.passkeyChallenge,
          requireUserVerification: isFirst || relyingParty.userVerification === "required",
          requireUserHandle: before.record.userId === "",
        })
      : undefined;
  if (found === undefined || shown === undefined) throw passkeyNotAccepted("credential_json", { isUnknown });
  const methods = passkeyMethods(found.passkey);
  const shownHere = isFirst
    ? { amr: [...methods, "mfa"], firstFactor: SignInFactor.PASSKEY }
    : withSecondFactor(stored.record, SignInFactor.PASSKEY, methods);
  for (;;) {
    const usedUp = await useUpPasskey(dependencies, call, found.factor.id, shown);
    if (usedUp === undefined) throw passkeyNotAccepted("credential_json");
    try {
      const proven = { ...shownHere, authTime: timestampFromMs(clock()), userEpoch };
      const gone = await goOn(dependencies, call, stored, proven, given, usedUp);
      await attempt.succeeded();
      return gone;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // else it signed elsewhere at this moment: its counter is looked at anew
    }
  }

  async function epochOf(): Promise<bigint> {
    return (await peers.client(RevocationService).getUserEpoch({ userId }, forward(call))).userEpoch;
  }
  async function isAllowed(): Promise<boolean> {
    const { clientId } = stored.record;
    const rules = await rulesOfSignIn(dependencies, call, { userId, clientId });
    if (isFirst) return rules.firstFactors.has(SignInFactor.PASSKEY);
    return isSecondFactorTaken(dependencies, call, userId, rules, SignInFactor.PASSKEY);
  }
  async function maySignIn(): Promise<boolean> {
    return (await peers.client(CredentialService).getAuthority({ userId }, forward(call))).active;
  }
  async function deviceId(): Promise<string | undefined> {
    const vault = await dependencies.vault.tenant(call.tenantId);
    return knownDeviceId(data, vault, userId, given.browser);
  }
}

/** The flow that is given a passkey, or the one that begins with it. Throws FLOW_NOT_FOUND or STEP_NOT_EXPECTED. */
async function flowOf(
  { store, vault, clock }: Pick<AuthDependencies, "store" | "vault" | "clock">,
  call: Call,
  given: GivenPasskey,
  assertion: AuthenticationResponseJSON | undefined,
): Promise<Stored<typeof FlowSchema>> {
  const tenantVault = await vault.tenant(call.tenantId);
  const { flowId, browser, clientId = "" } = given;
  if (flowId !== "" || browser === undefined) {
    return openFlow(store.tenant(call.tenantId), tenantVault, given, FlowStep.PASSKEY);
  }
  if (assertion === undefined) throw passkeyNotAccepted("credential_json");
  const challenge = challengeOf(assertion.response.clientDataJSON);
  const offered = offeredFlow(tenantVault, clock(), browser.browserToken, challenge);
  if (offered === undefined) throw stepNotExpected();
  return { ...offered, record: create(FlowSchema, { ...offered.record, clientId }) };
}

/** The passkey that signed, if it may be this flow's: its person's, or anybody's where nobody was named. */
async function passkeyFor(
  { store }: Pick<AuthDependencies, "store">,
  call: Call,
  flow: Flow,
  { id }: AuthenticationResponseJSON,
): Promise<PasskeyFactor | undefined> {
  const key = credentialKey(Buffer.from(id, "base64url"));
  const stored = await store.tenant(call.tenantId).find(factors, "credential", key);
  const [found] = passkeysAmong(stored === undefined ? [] : [stored]);
  const isNameless = flow.accountKey === "";
  return isNameless || found?.factor.userId === flow.userId ? found : undefined;
}

/** The flow with whom the passkey is of, where nobody was named. */
function withPerson(stored: Stored<typeof FlowSchema>, found: PasskeyFactor | undefined): Stored<typeof FlowSchema> {
  if (found === undefined || stored.record.accountKey !== "") return stored;
  const { userId } = found.factor;
  return { ...stored, record: create(FlowSchema, { ...stored.record, userId, accountKey: userId }) };
}
