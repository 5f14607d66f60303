import { create } from "@bufbuild/protobuf";
import { FlowSchema, type Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { FlowState, FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { MfaRequirement, SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Stored } from "../../store/store.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { recoveryCodesLeft } from "../factors/factors-of-user.ts";
import { isRemembered } from "../devices/remembered-device.ts";
import { factorNotAllowed } from "../factors/check-factor-allowed.ts";
import { secondFactorsOf } from "../factors/second-factors.ts";
import { isAnyShown, isSecondFactorShown, shownFactors } from "../factors/shown-factors.ts";
import { rulesOfSignIn, type SignInRules } from "../policy/effective-policy.ts";
import { secondFactorNeed } from "../policy/second-factor-need.ts";
import { missingTerms, noTerms, termsUriOf, type AskedTerms } from "../required-actions/terms-to-accept.ts";
import { isVerifiedEmailMissing } from "../required-actions/verified-email-need.ts";
import { advanceFlow, completeFlow, type UsedUp } from "./complete-flow.ts";
import type { FlowReference } from "./open-flow.ts";

/** Where a flow has come to. */
export interface GoneOn {
  readonly flow: Flow;
  /** What the browser's cookie must hold from now on; empty until the flow is completed, and for one without a browser. */
  readonly sessionToken: string;
  /** What its client uses a flow without a browser by; empty until it is completed. */
  readonly loginHandle: string;
}

/**
 * Goes on with a flow after a step of it succeeded: to what is still asked of the person, or to its end. Every step ends
 * here, so that none is a way around another (security A5, A6): what a flow asks for is decided by what it has proven until
 * then, anew each time. `proven` is what the step adds; `usedUp` what it used up, which is committed with it.
 */
export async function goOn(
  dependencies: Pick<AuthDependencies, "store" | "vault" | "peers" | "policies" | "tenants" | "smsAvailable" | "clock">,
  call: Call,
  stored: Stored<typeof FlowSchema>,
  proven: Partial<Flow>,
  reference: FlowReference,
  usedUp?: UsedUp,
): Promise<GoneOn> {
  const data = dependencies.store.tenant(call.tenantId);
  const after = create(FlowSchema, { ...stored.record, ...proven });
  after.rememberDevice ||= reference.browser?.rememberDevice === true;
  after.secondFactorRemembered = await isRemembered(dependencies, call, after, reference);
  const { secondFactorRemembered, rememberDevice } = after;
  const next = await nextOf(dependencies, call, after);
  const done = { ...proven, secondFactorRemembered, rememberDevice };
  if (next === undefined) return completeFlow(dependencies, call, stored, done, reference, usedUp);
  const change = { ...done, ...noTerms, ...next };
  const { record: flow } = await advanceFlow(data, call, dependencies.clock(), stored, change, usedUp);
  return { flow, sessionToken: "", loginHandle: "" };
}

/**
 * What a flow still asks for, in the order in which a person meets it; undefined when it may be completed. A second factor
 * comes before a new password: whoever knows the old one only must not choose the next. The address is verified before a factor is
 * added, which may be codes that are mailed to it. One that must be added comes last: its recovery codes are shown where the sign-in ends.
 */
async function nextOf(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "policies" | "tenants" | "smsAvailable">,
  call: Call,
  flow: Flow,
): Promise<({ readonly state: FlowState; readonly nextSteps: FlowStep[] } & Partial<AskedTerms>) | undefined> {
  const rules = await rulesOfSignIn(dependencies, call, flow);
  const isEmailMissing = await isVerifiedEmailMissing(dependencies, call, flow.userId, rules);
  const isShown = flow.secondFactorRemembered || isSecondFactorShown(shownFactors(flow), rules.secondFactors);
  const { need, steps } = isShown ? nothing : await needOf(dependencies, call, flow, rules, isEmailMissing);
  if (need === "show") return { state: FlowState.MFA_REQUIRED, nextSteps: steps };
  if (flow.passwordChangeRequired) return { state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.NEW_PASSWORD] };
  if (isEmailMissing) return { state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.VERIFY_EMAIL] };
  const terms = await missingTerms(dependencies, call, flow.userId, flow.acceptedTermsVersion);
  if (terms !== undefined) {
    const asked = { askedTermsVersion: terms.version, askedTermsUri: await termsUriOf(dependencies.peers, call) };
    const formerTermsVersion = terms.former;
    return { state: FlowState.PASSWORD_OK, nextSteps: [FlowStep.ACCEPT_TERMS], ...asked, formerTermsVersion };
  }
  if (need === "add") return { state: FlowState.PASSWORD_OK, nextSteps: steps };
  return undefined;
}

/** What the policy asks for beside what was proven. */
interface Need {
  readonly need: ReturnType<typeof secondFactorNeed>;
  /** The ways to show a second factor that the person has, or to add one. */
  readonly steps: FlowStep[];
}

const nothing: Need = { need: "nothing", steps: [] };

/**
 * What is asked for where no second factor was shown that is allowed. Whoever has one that is not shows it all the same, before they
 * go on or add one that is: the password alone must do no more where the policy allows less (security A15).
 * `isEmailNext`: whether the person verifies their address before they would add a factor.
 */
async function needOf(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "policies" | "tenants" | "smsAvailable">,
  call: Call,
  flow: Flow,
  rules: SignInRules,
  isEmailNext: boolean,
): Promise<Need> {
  const { userId, secondFactorWanted, secondFactorNeeded } = flow;
  const { allowed, usable, isAnyThere } = await secondFactorsOf(dependencies, call, userId, rules);
  // A password that was allowed to be short because of the second factor does not do without it.
  const requirement = secondFactorNeeded ? MfaRequirement.REQUIRED : rules.mfa;
  const isThere = allowed.size > 0 || (isAnyThere && !isAnyShown(shownFactors(flow)));
  const need = secondFactorNeed({ requirement, isWanted: secondFactorWanted, isThere });
  if (need === "add") {
    const steps = await stepsToAdd(dependencies, call, userId, rules, isEmailNext);
    if (steps.length > 0) return { need, steps };
    // A short password, after which the policy has changed: a longer one does as well.
    if (secondFactorNeeded) return { need, steps: [FlowStep.NEW_PASSWORD] };
    throw factorNotAllowed("a second factor is required, and none that is allowed can be added; ask an administrator");
  }
  if (need === "nothing") return nothing;
  const steps = await stepsToShow(dependencies, call, userId, rules, allowed.size > 0 ? allowed : usable);
  if (steps.length > 0) return { need, steps };
  throw factorNotAllowed("none of the second factors that are there can be shown here; ask an administrator");
}

/** The ways to show one of these factors, or a recovery code in its place, where such codes are allowed. */
async function stepsToShow(
  { store }: Pick<AuthDependencies, "store">,
  call: Call,
  userId: string,
  { secondFactors }: SignInRules,
  theirs: ReadonlySet<SignInFactor>,
): Promise<FlowStep[]> {
  const left = secondFactors.has(SignInFactor.RECOVERY_CODE)
    ? await recoveryCodesLeft(store.tenant(call.tenantId), userId)
    : 0;
  return [
    ...(theirs.has(SignInFactor.PASSKEY) ? [FlowStep.PASSKEY] : []),
    ...(theirs.has(SignInFactor.TOTP) ? [FlowStep.TOTP] : []),
    ...(theirs.has(SignInFactor.SMS_OTP) ? [FlowStep.SMS_OTP] : []),
    ...(theirs.has(SignInFactor.EMAIL_OTP) ? [FlowStep.EMAIL_OTP] : []),
    ...(left > 0 ? [FlowStep.RECOVERY_CODE] : []),
  ];
}

/** What can be added within a flow: codes by mail by those whose address is verified, codes by SMS where any are sent. */
async function stepsToAdd(
  { peers, smsAvailable }: Pick<AuthDependencies, "peers" | "smsAvailable">,
  call: Call,
  userId: string,
  { secondFactors }: SignInRules,
  isEmailNext: boolean,
): Promise<FlowStep[]> {
  const isMailed =
    secondFactors.has(SignInFactor.EMAIL_OTP) &&
    (isEmailNext || (await peers.client(MailboxService).getMailbox({ userId }, forward(call))).emailVerified);
  return [
    ...(secondFactors.has(SignInFactor.TOTP) ? [FlowStep.ENROL_TOTP] : []),
    ...(secondFactors.has(SignInFactor.PASSKEY) ? [FlowStep.ENROL_PASSKEY] : []),
    ...(secondFactors.has(SignInFactor.SMS_OTP) && smsAvailable ? [FlowStep.ENROL_SMS_OTP] : []),
    ...(isMailed ? [FlowStep.ENROL_EMAIL_OTP] : []),
  ];
}
