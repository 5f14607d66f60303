import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { DescMethod } from "@bufbuild/protobuf";

/**
 * The scopes by which a person lets an application at their own account here: to read what is kept of them, and to change it, their
 * ways to sign in and the account's end included. The applications of the tenant's own house need neither: for them the
 * administrator has consented, and their tokens say so (`first_party`).
 */
export const accountScopes = ["account.read", "account.write"] as const;

/**
 * What a token of a person for an application of the house lets it at without naming it. An application of the default tenant is made
 * by its administrators, and whoever changes how the owner of the instance signs in is the owner: theirs must name `account.write`,
 * which only authority over the instance gives a client there (security A32).
 */
export const accountScopesOfHouse = (instance: boolean): readonly string[] =>
  instance ? ["account.read"] : accountScopes;

/** The scope that a call about the caller's own account needs. */
export const accountScopeOf = (method: DescMethod): (typeof accountScopes)[number] =>
  method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? "account.read" : "account.write";
