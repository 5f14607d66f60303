import type { Call } from "../../host/call.ts";
import type { AttemptPolicy } from "../attempts.ts";
import type { AuthDependencies } from "../dependencies.ts";

/**
 * The limits on attempts at an account, as the tenant has them. What counts for addresses, and how waits grow, no tenant changes:
 * others share the server with it.
 */
export async function attemptsOfTenant(
  { attempts, policies }: Pick<AuthDependencies, "attempts" | "policies">,
  call: Call,
): Promise<AttemptPolicy> {
  return { ...attempts, ...(await policies.get(call)).attempts };
}
