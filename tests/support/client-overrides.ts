import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { rest, type Instance, type RelyingParty } from "./relying-party.ts";

/** Has the policy for sign-ins say this of a client, beside what it says of others. */
export async function overrideFor(
  server: Instance,
  { clientId }: Pick<RelyingParty, "clientId">,
  override: Readonly<Record<string, unknown>>,
): Promise<void> {
  const there = (await rest(server, "GET", "/v1/admin/policies/authentication")).json["client_overrides"] ?? [];
  const others = (there as readonly { readonly client_id: string }[]).filter((one) => one.client_id !== clientId);
  const client_overrides = [...others, { client_id: clientId, ...override }];
  await changeAuthenticationPolicy(server, { client_overrides });
}
