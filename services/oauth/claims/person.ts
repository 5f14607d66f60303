import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { membershipScopes } from "../scopes.ts";
import type { Claims } from "./user-claims.ts";

/** What claims are made of: a person, and the names of their roles and groups where somebody asked for them. */
export interface Person {
  readonly user: User;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** A claim that says of what somebody is a member. */
export type MembershipClaim = (typeof membershipScopes)[number];

/** Whether a claim is one of those. */
export const isMembershipClaim = (name: string): name is MembershipClaim =>
  membershipScopes.some((claim) => claim === name);

/** Reads a person for a client; undefined when nobody has the id any more. */
export async function readPerson(
  peers: Peers,
  call: Call,
  asked: { readonly userId: string; readonly clientId: string; readonly withMemberships: boolean },
): Promise<Person | undefined> {
  const { user, roles, groups } = await peers.client(CredentialService).getClaims(asked, forward(call));
  return user === undefined ? undefined : { user, roles, groups };
}

/** The claims `roles` and `groups` (RFC 9068 §2.2.3.1), as far as they, or scopes of the same names, are among what is asked for; none is empty. */
export function membershipClaims(person: Person | undefined, asked: Iterable<string>): Claims {
  const told = [...asked]
    .filter(isMembershipClaim)
    .map((name): [string, string[]] => [name, [...(person?.[name] ?? [])]]);
  return Object.fromEntries(told.filter(([, names]) => names.length > 0));
}
