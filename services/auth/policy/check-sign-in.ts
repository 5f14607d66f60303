import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  CheckSignInResponseSchema,
  type CheckSignInRequest,
  type CheckSignInResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { secondFactorsOf } from "../factors/second-factors.ts";
import { isAnyShown, isSecondFactorShown, shownInSession, type ShownFactors } from "../factors/shown-factors.ts";
import { acr } from "../flows/acr.ts";
import { missingTerms } from "../required-actions/terms-to-accept.ts";
import { isVerifiedEmailMissing } from "../required-actions/verified-email-need.ts";
import {
  acceptedFor,
  everyFirstFactor,
  everySecondFactor,
  rulesOfSignIn,
  type SignInRules,
} from "./effective-policy.ts";
import { isAnotherSignInNeeded, isSecondFactorWanted } from "./second-factor-need.ts";

/** Whether what a session has proven is enough for a client. Most calls read nothing. */
export function checkSignIn(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "policies" | "tenants" | "clock">,
) {
  return async (request: CheckSignInRequest, context: HandlerContext): Promise<CheckSignInResponse> => {
    const call = callOf(context);
    const { userId, clientId } = request;
    if (await isTooOld(dependencies, call, request)) return create(CheckSignInResponseSchema);
    const rules = await rulesOfSignIn(dependencies, call, { userId, clientId });
    if (!(await isProofEnough(dependencies, call, request, rules))) return create(CheckSignInResponseSchema);
    const actionRequired =
      (await isVerifiedEmailMissing(dependencies, call, userId, rules)) ||
      (await missingTerms(dependencies, call, userId)) !== undefined;
    return create(CheckSignInResponseSchema, { sufficient: !actionRequired, actionRequired });
  };
}

/**
 * Whether what a session has proven is as much as the policy and the client want of this person. A factor that is not allowed counts as
 * little in it as in a new sign-in: a first one not at all, and a second one as none.
 */
async function isProofEnough(
  dependencies: Pick<AuthDependencies, "store" | "peers" | "policies" | "tenants">,
  call: Call,
  request: CheckSignInRequest,
  rules: SignInRules,
): Promise<boolean> {
  const requirement = rules.mfa;
  const isWanted = isSecondFactorWanted(request.acrValues);
  const shown = isEveryFactorAllowed(rules) ? undefined : await shownIn(dependencies, call, request);
  if (shown !== undefined && (shown.first === undefined || !rules.firstFactors.has(shown.first))) return false;
  const isCounted = shown === undefined || isSecondFactorShown(shown, rules.secondFactors);
  if (isCounted && request.acr === acr.severalFactors) return true;
  // What a remembered browser was not asked for it is not asked for now: unless the client asks, or the policy has changed.
  if (isCounted && request.secondFactorRemembered && rules.rememberedFor > 0 && !isWanted) return true;
  // Whoever has shown one that does not count shows one that does, where they have it.
  const isAnotherOne = shown !== undefined && !isCounted && isAnyShown(shown) && requirement !== MfaRequirement.NEVER;
  // Where it is required, having none is no excuse.
  const isAsked = (isWanted || isAnotherOne) && requirement !== MfaRequirement.REQUIRED;
  const isThere = isAsked && (await secondFactorsOf(dependencies, call, request.userId, rules)).allowed.size > 0;
  return !isAnotherSignInNeeded({ requirement, isWanted: isWanted || isAnotherOne, isThere });
}

/** Whether nothing depends on which factors were shown. */
const isEveryFactorAllowed = ({ firstFactors, secondFactors }: SignInRules): boolean =>
  firstFactors.isSupersetOf(everyFirstFactor) && secondFactors.isSupersetOf(everySecondFactor);

/** Which factors were shown in the session; none where it is over. */
async function shownIn(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  { sessionId, secondFactorRemembered }: CheckSignInRequest,
): Promise<ShownFactors> {
  if (sessionId === "") return { first: undefined, second: [] };
  const kept = await peers.client(BrowserSessionService).getSessionFactors({ sessionId }, forward(call));
  return shownInSession(kept, secondFactorRemembered);
}

/** Whether a client takes the session no more, because its sign-in is too long ago, or it was unused for too long. */
async function isTooOld(
  { policies, peers, clock }: Pick<AuthDependencies, "policies" | "peers" | "clock">,
  call: Call,
  { clientId, sessionId, authTime }: CheckSignInRequest,
): Promise<boolean> {
  const { lifetime, idle } = acceptedFor(await policies.get(call), clientId);
  const signedIn = authTime === undefined ? 0 : timestampMs(authTime);
  const isOver = (since: number, limit: number | undefined): boolean => limit !== undefined && since + limit <= clock();
  if (isOver(signedIn, lifetime)) return true;
  // A sign-in is a use: nothing is asked before it is as long ago as that.
  if (!isOver(signedIn, idle)) return false;
  if (sessionId === "") return true;
  const { lastUseTime } = await peers.client(BrowserSessionService).getSessionUse({ sessionId }, forward(call));
  return isOver(lastUseTime === undefined ? 0 : timestampMs(lastUseTime), idle);
}
