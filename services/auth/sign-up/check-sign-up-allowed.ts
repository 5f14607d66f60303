import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** Whether the tenant lets people open accounts: asked when a link is wanted, and again when it is used. */
export async function checkSignUpAllowed({ policies }: Pick<AuthDependencies, "policies">, call: Call): Promise<void> {
  if ((await policies.get(call)).signUpAllowed) return;
  throw authFailure(AuthErrorReason.SIGN_UP_NOT_ALLOWED, "people do not open accounts by themselves here");
}
