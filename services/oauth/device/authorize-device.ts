import { create } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  AuthorizeDeviceResponseSchema,
  type AuthorizeDeviceRequest,
  type AuthorizeDeviceResponse,
} from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { DeviceCodeService } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { checkResource } from "../authorize/check-resource.ts";
import { checkScope } from "../authorize/check-scope.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { scopesLeft } from "../scopes-left.ts";
import { authenticateClient } from "../client-authentication/authenticate-client.ts";
import { deviceCodeGrantType } from "./device-code-grant-type.ts";

/** Where people type user codes, and where the same with the code in it leads; and the endpoint itself. */
const page = "/device";
const path = "/oauth/v2/device_authorization";

/**
 * The device authorization endpoint (RFC 8628 §3.1): no parameter twice, the client authenticated as at the token endpoint and
 * registered for the grant, scopes and resources as at the authorization endpoint.
 */
export function authorizeDevice(dependencies: OauthDependencies) {
  const { peers, tenants, accessTargets } = dependencies;
  return async (parameters: AuthorizeDeviceRequest, context: HandlerContext): Promise<AuthorizeDeviceResponse> => {
    const call = callOf(context);
    try {
      checkDuplicates(parameters);
      const client = await authenticateClient(dependencies, call, parameters.clientAuthentications, path);
      if (!client.grantTypes.includes(deviceCodeGrantType)) {
        throw new OAuthRefusal("unauthorized_client", "the client is not registered for the device grant");
      }
      const allowedScopes = checkScope(client, parameters);
      const asked = await accessTargets.checkResources(call, client, checkResource(parameters));
      const scopes = scopesLeft(allowedScopes, await accessTargets.grantable(call, asked, allowedScopes));
      const resources = await accessTargets.granted(call, asked, scopes);
      const request = { clientId: client.clientId, scopes: [...scopes], resources: [...resources] };
      const [{ canonicalOrigin }, issued] = await Promise.all([
        tenants.get(call),
        peers.client(DeviceCodeService).issueDeviceCode(request, forward(call)),
      ]);
      const verificationUri = `${canonicalOrigin}${page}`;
      const value = {
        deviceCode: issued.deviceCode,
        userCode: issued.userCode,
        verificationUri,
        verificationUriComplete: `${verificationUri}?user_code=${issued.userCode}`,
        expiresIn: issued.lifetime ? durationMs(issued.lifetime) / 1000 : 0,
        interval: issued.interval ? durationMs(issued.interval) / 1000 : 0,
      };
      return create(AuthorizeDeviceResponseSchema, { outcome: { case: "authorization", value } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(AuthorizeDeviceResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
