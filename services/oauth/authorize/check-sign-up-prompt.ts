import { SignUpPageService } from "#gen/koder/auth/v1/sign_up_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** Whether people may open accounts by themselves. The auth service says so, by its policy. */
export async function isSignUpAllowed(peers: Peers, call: Call): Promise<boolean> {
  return (await peers.client(SignUpPageService).getSignUpPolicy({}, forward(call))).allowed;
}

/** `prompt=create` only where there is something to create (Initiating User Registration via OpenID Connect 1.0 §4.1). */
export async function checkSignUpPrompt(peers: Peers, call: Call, prompts: ReadonlySet<string>): Promise<void> {
  if (!prompts.has("create") || (await isSignUpAllowed(peers, call))) return;
  throw new OAuthRefusal("invalid_request", "prompt has a value that is not supported");
}
