import type { ConnectError } from "@connectrpc/connect";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { oauthFailure } from "../oauth-failure.ts";

/** The answer to an id that no resource server of the tenant has. */
export const resourceServerNotFound = (id: string): ConnectError =>
  oauthFailure(OauthErrorReason.RESOURCE_SERVER_NOT_FOUND, `no resource server has the id ${id}`);
