import { MfaRequirement, SignInFactor } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import type { AuthenticationPolicy } from "./authentication-policies.ts";

/** What is asked of a sign-in. Times in milliseconds. */
export interface SignInRules {
  readonly mfa: MfaRequirement;
  /** What it may begin by. */
  readonly firstFactors: ReadonlySet<SignInFactor>;
  readonly secondFactors: ReadonlySet<SignInFactor>;
  /** For how long a browser may be remembered; 0 for not at all. */
  readonly rememberedFor: number;
  readonly sessionLifetime: number;
  /** How long a session may go unused; undefined for as long as it lasts. */
  readonly idleLifetime: number | undefined;
  /** Whether the person's address must be verified. */
  readonly verifiedEmail: boolean;
}

/** What a group or a client asks for beyond that. */
export type MoreRules = Partial<SignInRules>;

/** For whom, and for which client; empty for nobody yet, and for whichever client. */
export interface SignInTo {
  readonly userId: string;
  readonly clientId: string;
}

/** Every factor that can come first, or second. */
export const everyFirstFactor: ReadonlySet<SignInFactor> = new Set([SignInFactor.PASSWORD, SignInFactor.PASSKEY]);
export const everySecondFactor: ReadonlySet<SignInFactor> = new Set([
  SignInFactor.PASSKEY,
  SignInFactor.TOTP,
  SignInFactor.SMS_OTP,
  SignInFactor.EMAIL_OTP,
  SignInFactor.RECOVERY_CODE,
]);

/** The strictest of what several ask for: nobody's word makes less of another's. */
export const strictest = (rules: SignInRules, ...more: readonly MoreRules[]): SignInRules =>
  more.reduce<SignInRules>(
    (left, one) => ({
      mfa: Math.max(left.mfa, one.mfa ?? left.mfa) as MfaRequirement,
      firstFactors:
        one.firstFactors === undefined ? left.firstFactors : left.firstFactors.intersection(one.firstFactors),
      secondFactors:
        one.secondFactors === undefined ? left.secondFactors : left.secondFactors.intersection(one.secondFactors),
      rememberedFor: Math.min(left.rememberedFor, one.rememberedFor ?? left.rememberedFor),
      sessionLifetime: Math.min(left.sessionLifetime, one.sessionLifetime ?? left.sessionLifetime),
      idleLifetime: shorter(left.idleLifetime, one.idleLifetime),
      verifiedEmail: left.verifiedEmail || one.verifiedEmail === true,
    }),
    rules,
  );

/** The shorter of two times, where one is undefined for no limit. */
export const shorter = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);

/**
 * What is asked of a person's sign-in to a client: the strictest of what the tenant asks of everybody, of their groups, and what
 * the client asks for. The one place where that is put together. Which groups they are in is asked only where a group asks for
 * anything; before anybody is known it is the same for everybody (security A23).
 */
export async function rulesOfSignIn(
  { policies, peers }: Pick<AuthDependencies, "policies" | "peers">,
  call: Call,
  { userId, clientId }: SignInTo,
): Promise<SignInRules> {
  const policy = await policies.get(call);
  const { rulesOfClients, rulesOfGroups } = policy;
  const { groupIds } =
    rulesOfGroups.size === 0 || userId === ""
      ? { groupIds: [] }
      : await peers.client(CredentialService).getGroupsOfUser({ userId }, forward(call));
  const ofGroups = groupIds.flatMap((id) => rulesOfGroups.get(id) ?? []);
  const ofPerson = strictest(policy.rules, ...ofGroups);
  const ofClient = rulesOfClients.get(clientId);
  if (ofClient === undefined) return ofPerson;
  // How old a session may be for a client, or how long unused, is no limit on the session, which others are content with.
  const { sessionLifetime, idleLifetime } = ofPerson;
  return { ...strictest(ofPerson, ofClient), sessionLifetime, idleLifetime };
}

/** What a client is content with of a session: how long after its sign-in, and how long unused; undefined for as long as it lasts. */
export function acceptedFor(
  { rulesOfClients }: AuthenticationPolicy,
  clientId: string,
): Partial<Record<"lifetime" | "idle", number | undefined>> {
  const rules = rulesOfClients.get(clientId);
  return { lifetime: rules?.sessionLifetime, idle: rules?.idleLifetime };
}
