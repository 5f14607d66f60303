import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import { holds } from "../../host/held-permissions.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { groupInPolicy } from "./group-refused.ts";

/**
 * Refuses the end of a group of which the authentication policy asks for more, by whoever could not change that policy: of those in
 * it less would be asked from then on. Throws GROUP_IN_POLICY.
 */
export async function checkNotInPolicy(
  { peers }: Pick<IdentityDependencies, "peers">,
  call: Call,
  groupId: string,
): Promise<void> {
  if (holds(call.caller, "policies.write")) return;
  const { present } = await peers.client(SignInPolicyService).getGroupOverride({ groupId }, forward(call));
  if (present) throw groupInPolicy();
}
