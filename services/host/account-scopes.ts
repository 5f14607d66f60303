import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { DescMethod } from "@bufbuild/protobuf";

/**
 * The scopes by which a person lets an application at their own account here: to read what is kept of them, and to change it, their
 * ways to sign in and the account's end included. The applications of the tenant's own house need neither: for them the
 * administrator has consented, and their tokens say so (`first_party`).
 */
export const accountScopes = ["account.read", "account.write"] as const;

/** The scope that a call about the caller's own account needs. */
export const accountScopeOf = (method: DescMethod): (typeof accountScopes)[number] =>
  method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS ? "account.read" : "account.write";
