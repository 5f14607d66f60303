import type { ConnectError } from "@connectrpc/connect";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";
import { identityFailure } from "../identity-failure.ts";

/** The answer to an id that no user of the tenant has. */
export const userNotFound = (userId: string): ConnectError =>
  identityFailure(IdentityErrorReason.USER_NOT_FOUND, `no user has the id ${userId}`);

/** The answer to an etag that is not the user's any more, and to a lost race. */
export const userChangedMeanwhile = (): ConnectError =>
  failure(ErrorReason.ETAG_MISMATCH, "etag: the user was changed meanwhile; read it again");

/** The answer to whoever would restore or purge a user that is not deleted. */
export const userNotDeleted = (userId: string): ConnectError =>
  identityFailure(IdentityErrorReason.USER_NOT_DELETED, `the user ${userId} is not deleted`);
