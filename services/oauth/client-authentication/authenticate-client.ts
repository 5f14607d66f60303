import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ClientAuthentication } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { checkAssertion, readAssertion } from "./check-assertion.ts";
import { isClientSecret } from "../clients/client-secret.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** An answer that does not say whether the client is unknown, uses another method, or has another secret. */
const refused = () => new OAuthRefusal("invalid_client", "client authentication failed");

/**
 * Authenticates the client of a request (RFC 6749 §2.3, §3.2.1; RFC 7521 §4.2): exactly one method, the one that it registered.
 * A bare client_id beside a method that names the same client says nothing new and is allowed; beside an assertion there need
 * be none. `endpoint` is the path of the endpoint that the request was sent to.
 */
export async function authenticateClient(
  needs: Pick<OauthDependencies, "clients" | "vault" | "tenants" | "oauthPolicies" | "peers" | "clientKeys" | "clock">,
  call: Call,
  authentications: readonly ClientAuthentication[],
  endpoint = "/oauth/v2/token",
): Promise<Client> {
  const authentication = onlyOne(authentications);
  const assertion = authentication.method === "private_key_jwt" ? readAssertion(authentication) : undefined;
  const clientId = assertion?.clientId ?? authentication.clientId;
  checkSameClient(authentications, clientId);
  const client = await needs.clients.get(call, clientId);
  if (client === undefined || client.tokenEndpointAuthMethod !== authentication.method) throw refused();
  if (assertion !== undefined) await checkAssertion(needs, call, { client, jwt: assertion.jwt, endpoint });
  else if (
    authentication.method !== "none" &&
    !(await isClientSecret(needs, call, client, authentication.clientSecret))
  ) {
    throw refused();
  }
  return client;
}

function onlyOne(authentications: readonly ClientAuthentication[]): ClientAuthentication {
  const proofs = authentications.filter(({ method }) => method !== "none");
  if (proofs.length > 1) throw new OAuthRefusal("invalid_request", "more than one client authentication was sent");
  const chosen = proofs[0] ?? authentications[0];
  if (chosen === undefined) throw new OAuthRefusal("invalid_client", "client authentication is missing");
  return chosen;
}

function checkSameClient(authentications: readonly ClientAuthentication[], clientId: string): void {
  if (clientId === "") throw new OAuthRefusal("invalid_client", "client authentication is missing");
  if (authentications.some((one) => one.clientId !== clientId && !isAssertionAlone(one))) {
    throw new OAuthRefusal("invalid_request", "client_id differs from the client that authenticated");
  }
}

/** An assertion names its client itself. */
const isAssertionAlone = ({ method, clientId }: ClientAuthentication) =>
  method === "private_key_jwt" && clientId === "";
