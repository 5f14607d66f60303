import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { readClaims } from "../authorize/claims-request.ts";
import { givenClaims } from "../claims/given-claims.ts";
import { mappedClaims, mappersFor, readMemberships, readUser } from "../claims/mapped-claims.ts";
import { isMembershipClaim, membershipClaims, readPerson } from "../claims/person.ts";
import { claimsOfUser, type Claims } from "../claims/user-claims.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { AccessTarget } from "../resource-servers/access-target.ts";

/** What stands in tokens beyond what the standards put there. */
export interface FurtherClaims {
  readonly accessToken: Claims;
  readonly idToken: Claims;
}

/**
 * What mappers, the scopes `roles` and `groups`, and `claims` of the authorization request (OpenID Connect Core §5.5) put into
 * the tokens of a grant. The person is read only where one of them needs it.
 */
export async function furtherClaims(
  needs: Pick<OauthDependencies, "peers" | "store">,
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
  const { userId, clientId } = grant;
  const named = Object.keys(readClaims(grant.claims).id_token ?? {});
  const asked = await givenClaims(needs, call, { client, userId }, named);
  const forAccess = mappersFor([...client.claimMappers, ...target.mappers], "inAccessToken", target.scopes);
  const forId = mappersFor(client.claimMappers, "inIdToken", scopes);
  const withMemberships =
    [...scopes, ...target.scopes, ...asked].some(isMembershipClaim) ||
    readMemberships(forAccess) ||
    readMemberships(forId);
  const needsUser = asked.length > 0 || readUser(forAccess) || readUser(forId);
  const person =
    needsUser || withMemberships
      ? await readPerson(needs.peers, call, { userId, clientId, withMemberships })
      : undefined;
  return {
    accessToken: { ...mappedClaims(forAccess, person), ...membershipClaims(person, target.scopes) },
    idToken: {
      ...mappedClaims(forId, person),
      ...membershipClaims(person, [...scopes, ...asked]),
      ...(person === undefined ? {} : claimsOfUser(person.user, asked)),
    },
  };
}
