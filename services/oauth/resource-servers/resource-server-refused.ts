import type { ConnectError } from "@connectrpc/connect";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { oauthFailure } from "../oauth-failure.ts";

/** The answer to an id that no resource server of the tenant has. */
export const resourceServerNotFound = (id: string): ConnectError =>
  oauthFailure(OauthErrorReason.RESOURCE_SERVER_NOT_FOUND, `no resource server has the id ${id}`);

/** The answer to the deletion of the resource server that tokens are for where no resource is named. */
export const resourceServerInPolicy = (identifier: string): ConnectError =>
  oauthFailure(
    OauthErrorReason.RESOURCE_SERVER_IN_POLICY,
    `${identifier} is the default_audience of the OAuth policy: say another one there, or none, first`,
  );
