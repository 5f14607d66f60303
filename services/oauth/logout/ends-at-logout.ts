import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";

/**
 * Whether what a client is granted for offline use ends when the person signs out of the session: so says the client, or the
 * tenant for all of its clients. A grant keeps what counted when it was given.
 */
export const endsAtLogout = async (
  { oauthPolicies }: Pick<OauthDependencies, "oauthPolicies">,
  call: Call,
  client: Client,
): Promise<boolean> => client.logoutEndsOfflineGrants || (await oauthPolicies.get(call)).logoutEndsOfflineGrants;
