import type { ResumeAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { AuthorizationState } from "../authorize/authorization-request.ts";
import { isSignInNeeded } from "../authorize/interactions/sign-in.ts";

/** What the person of a device does next: they sign in, then they decide, whatever they have allowed before. */
export function deviceStep(
  state: Pick<AuthorizationState, "authorization" | "session" | "now">,
  authorizationId: string,
): ResumeAuthorizationResponse["next"] {
  const value = { $typeName: "koder.oauth.v1.PendingInteraction", authorizationId } as const;
  // A device asks for nobody in particular.
  const needed = isSignInNeeded({ ...state, subject: "" });
  return needed ? { case: "signIn", value } : { case: "confirmDevice", value };
}
