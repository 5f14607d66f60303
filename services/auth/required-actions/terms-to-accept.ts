import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { forward, type Call, type Outbound } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { authFailure } from "../auth-failure.ts";
import { acceptedTerms } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** What a flow says of the terms that it asks its person to accept. */
export type AskedTerms = Pick<Flow, "askedTermsVersion" | "askedTermsUri" | "formerTermsVersion">;

/** What it says where it asks for none. */
export const noTerms: AskedTerms = { askedTermsVersion: "", askedTermsUri: "", formerTermsVersion: "" };

/**
 * The version of the tenant's terms that a person must accept before they go on, and the one that they accepted last; undefined
 * where the policy names none, or that one. The one place where that is decided, for new sign-ins and for sessions of
 * before (security A15). `accepted` is what they accepted within the flow, which is kept with its next state.
 */
export async function missingTerms(
  { store, policies }: Pick<AuthDependencies, "store" | "policies">,
  call: Call,
  userId: string,
  accepted = "",
): Promise<{ readonly version: string; readonly former: string } | undefined> {
  const { termsVersion: version } = await policies.get(call);
  if (version === "" || version === accepted) return undefined;
  const former = (await store.tenant(call.tenantId).get(acceptedTerms, userId))?.record.version ?? "";
  return version === former ? undefined : { version, former: accepted || former };
}

/** Where the tenant's terms are; empty where it does not say. */
export async function termsUriOf(peers: Peers, call: Outbound): Promise<string> {
  const { branding } = await peers.client(ShownBrandingService).getShownBranding({}, forward(call));
  return branding?.termsUri ?? "";
}

/** The answer to whoever has not accepted the terms that are asked for, or other ones. */
export const termsNotAccepted = (field: string, version: string) =>
  authFailure(AuthErrorReason.TERMS_NOT_ACCEPTED, `${field}: must be ${version}, the terms that the person was shown`, {
    violations: [{ field, description: `must be ${version}: the terms of the tenant that are to be accepted` }],
  });
