import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";

/** What a person whose session is there has to do for a request before it goes on. */
export type LeftToDo = "sign in" | "act";

/**
 * What is left to do where what a session has proven is not enough for a request: another sign-in, or something beside it, which
 * signing in leads to as well; undefined where nothing is. The auth service says so, by its policy (security A15).
 */
export async function leftToDo(
  peers: Peers,
  call: Call,
  { clientId, acrValues }: Pick<Authorization, "clientId" | "acrValues">,
  { id: sessionId, userId, acr, authTime, secondFactorRemembered }: Session,
): Promise<LeftToDo | undefined> {
  const { sufficient, actionRequired } = await peers
    .client(SignInPolicyService)
    .checkSignIn(
      { sessionId, userId, acr, clientId, acrValues, secondFactorRemembered, ...(authTime ? { authTime } : {}) },
      forward(call),
    );
  if (sufficient) return undefined;
  return actionRequired ? "act" : "sign in";
}

/** Whether nothing is left to do. */
export const isSignInEnough = async (...asked: Parameters<typeof leftToDo>): Promise<boolean> =>
  (await leftToDo(...asked)) === undefined;
