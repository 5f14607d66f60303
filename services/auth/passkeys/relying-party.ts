import { PasskeyUserVerification } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import type { Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { androidOrigins } from "./android-origins.ts";

/** Whom passkeys are for, where they may be asked for, and what is asked of them. */
export interface RelyingParty {
  /** A host: passkeys made for it work nowhere else. */
  readonly id: string;
  /** Origins of the pages and of the apps that may ask. */
  readonly origins: readonly string[];
  /** Whether they must verify their user also where they are a second factor. */
  readonly userVerification: "required" | "preferred";
}

/** Which pages may ask: those of the sign-in here, or those of applications and apps as well, which the tenant names. */
export type AskingPages = "own" | "any";

/** The relying party that a tenant is, by its canonical origin (docs/tenants.md) and its policy. */
export async function relyingPartyOf(
  { tenants, policies }: Pick<AuthDependencies, "tenants" | "policies">,
  call: Call,
  pages: AskingPages,
): Promise<RelyingParty> {
  const [{ canonicalOrigin }, policy] = await Promise.all([tenants.get(call), policies.get(call)]);
  const { passkeyUserVerification, passkeyRelatedOrigins, passkeyAndroidApps } = policy;
  const others = () => [...passkeyRelatedOrigins, ...passkeyAndroidApps.flatMap(androidOrigins)];
  const isRequired = passkeyUserVerification === PasskeyUserVerification.REQUIRED;
  return {
    id: new URL(canonicalOrigin).hostname,
    origins: [canonicalOrigin, ...(pages === "any" ? others() : [])],
    userVerification: isRequired ? "required" : "preferred",
  };
}
