import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import type { Call } from "../../host/call.ts";
import { isSignInNeeded } from "../authorize/interactions/sign-in.ts";
import { isSignInEnough } from "../authorize/sign-in-policy.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * The browser's session, where its sign-in is as new as the device's client wants it and proves enough; undefined where the person must
 * sign in. A device asks for nobody in particular.
 */
export async function signedInPerson(
  { peers, clock }: Pick<OauthDependencies, "peers" | "clock">,
  call: Call,
  authorization: Authorization,
  session: Session | undefined,
): Promise<Session | undefined> {
  if (session === undefined || isSignInNeeded({ authorization, session, subject: "", now: clock() })) return undefined;
  return (await isSignInEnough(peers, call, authorization, session)) ? session : undefined;
}
