import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { DescMethod } from "@bufbuild/protobuf";

/**
 * The scopes by which a person lets an application at their own account here: to read what is kept of them, and to change it, their
 * ways to sign in and the account's end included. The applications of the tenant's own house, whose tokens say so (`first_party`), need
 * neither for people without permissions: for them the administrator has consented.
 */
export const accountScopes = ["account.read", "account.write"] as const;

/**
 * What a token of a person for an application of the house lets it at without naming it. Whoever makes such applications may do less
 * than somebody who signs in there, and whoever changes how a person signs in has what they have: of people with any permission, and
 * of the owner of the instance, it only reads. To change their account their tokens must name `account.write`, which only who may do
 * everything gives a client (security A14, A32).
 */
export const accountScopesOfHouse = (held: {
  readonly permissions: readonly string[];
  readonly instance: boolean;
}): readonly string[] => (held.instance || held.permissions.length > 0 ? ["account.read"] : accountScopes);

/** The scope that a call about the caller's own account needs. */
export const accountScopeOf = (method: DescMethod): (typeof accountScopes)[number] =>
  method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? "account.read" : "account.write";
