import type { ConnectError } from "@connectrpc/connect";
import { IdentityErrorReason } from "#gen/koder/identity/v1/errors_pb.ts";
import { identityFailure } from "../identity-failure.ts";

/** The answer to an id that no user of the tenant has. */
export const userNotFound = (userId: string): ConnectError =>
  identityFailure(IdentityErrorReason.USER_NOT_FOUND, `no user has the id ${userId}`);
