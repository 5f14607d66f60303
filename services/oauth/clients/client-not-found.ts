import type { ConnectError } from "@connectrpc/connect";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { oauthFailure } from "../oauth-failure.ts";

/** The answer to an id that no client of the tenant has, or has any more. */
export const clientNotFound = (clientId: string): ConnectError =>
  oauthFailure(OauthErrorReason.CLIENT_NOT_FOUND, `no client has the id ${clientId}`);
