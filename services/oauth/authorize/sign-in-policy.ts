import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";

/** Whether what a session has proven is enough for a request. The auth service says so, by its policy (security A15). */
export async function isSignInEnough(
  peers: Peers,
  call: Call,
  { clientId, acrValues }: Pick<Authorization, "clientId" | "acrValues">,
  { id: sessionId, userId, acr, authTime, secondFactorRemembered }: Session,
): Promise<boolean> {
  const { sufficient } = await peers
    .client(SignInPolicyService)
    .checkSignIn(
      { sessionId, userId, acr, clientId, acrValues, secondFactorRemembered, ...(authTime ? { authTime } : {}) },
      forward(call),
    );
  return sufficient;
}
