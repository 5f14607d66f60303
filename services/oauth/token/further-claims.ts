import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { readClaims } from "../authorize/claims-request.ts";
import { mappedClaims, mappersFor, readUser } from "../claims/mapped-claims.ts";
import { claimsOfUser, userClaimNames, type Claims } from "../claims/user-claims.ts";
import type { AccessTarget } from "../resource-servers/access-target.ts";

/** What stands in tokens beyond what the standards put there. */
export interface FurtherClaims {
  readonly accessToken: Claims;
  readonly idToken: Claims;
}

/**
 * What mappers and `claims` of the authorization request (OpenID Connect Core §5.5) put into the tokens of a grant. The
 * person is read only where one of them needs it.
 */
export async function furtherClaims(
  peers: Peers,
  call: Call,
  {
    client,
    grant,
    scopes,
    target,
  }: {
    readonly client: Client;
    readonly grant: Grant;
    readonly scopes: readonly string[];
    readonly target: AccessTarget;
  },
): Promise<FurtherClaims> {
  const asked = new Set(Object.keys(readClaims(grant.claims).id_token ?? {}));
  const forAccess = mappersFor([...client.claimMappers, ...target.mappers], "inAccessToken", target.scopes);
  const forId = mappersFor(client.claimMappers, "inIdToken", scopes);
  const needsUser = userClaimNames.some((name) => asked.has(name)) || readUser(forAccess) || readUser(forId);
  const user = needsUser ? await claimsFrom(peers, call, grant.userId) : undefined;
  return {
    accessToken: mappedClaims(forAccess, user),
    idToken: { ...mappedClaims(forId, user), ...(user === undefined ? {} : claimsOfUser(user, asked)) },
  };
}

async function claimsFrom(peers: Peers, call: Call, userId: string): Promise<User | undefined> {
  const { user } = await peers.client(CredentialService).getClaims({ userId }, forward(call));
  return user;
}
