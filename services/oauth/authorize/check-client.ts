import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Clients } from "../clients/clients.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { AuthorizationParameters } from "./authorization-request.ts";

/** The client is named once and exists (RFC 6749 §4.1.1). Until this and the redirect URI hold, nothing is redirected. */
export async function checkClient(
  clients: Clients,
  call: Call,
  { clientId, duplicateParameters }: AuthorizationParameters,
): Promise<Client> {
  if (duplicateParameters.includes("client_id")) throw new OAuthRefusal("invalid_request", "client_id was sent twice");
  if (clientId === "") throw new OAuthRefusal("invalid_request", "client_id is missing");
  const client = await clients.get(call, clientId);
  if (client === undefined) throw new OAuthRefusal("invalid_request", "no client has this client_id");
  return client;
}
