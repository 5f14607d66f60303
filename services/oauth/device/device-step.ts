import { create } from "@bufbuild/protobuf";
import {
  PendingInteractionSchema,
  type ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { AuthorizationState } from "../authorize/authorization-request.ts";
import { isSignInNeeded } from "../authorize/interactions/sign-in.ts";
import { isSignInEnough } from "../authorize/sign-in-policy.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** What the person of a device does next: they sign in, then they decide, whatever they have allowed before. */
export async function deviceStep(
  { peers }: Pick<OauthDependencies, "peers">,
  state: AuthorizationState,
  authorizationId: string,
): Promise<ResumeAuthorizationResponse["next"]> {
  const value = create(PendingInteractionSchema, { authorizationId });
  // A device asks for nobody in particular.
  const { call, authorization, session } = state;
  const isEnough =
    session !== undefined &&
    !isSignInNeeded({ ...state, subject: "" }) &&
    (await isSignInEnough(peers, call, authorization, session));
  return !isEnough ? { case: "signIn", value } : { case: "confirmDevice", value };
}
