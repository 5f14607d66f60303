import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import {
  EnterUserCodeResponseSchema,
  type EnterUserCodeRequest,
  type EnterUserCodeResponse,
} from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import { DeviceCodeService } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { askedAcrValues } from "../authorize/asked-acr-values.ts";
import { storeAuthorization } from "../authorize/pending-authorization.ts";
import { browserSessions } from "../authorize/browser-sessions.ts";
import { sessionsBefore } from "../authorize/signed-in-since.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { signedInPerson } from "./signed-in-person.ts";

/**
 * Takes a user code (RFC 8628 §3.3). What waits with it is kept like an authorization request, bound to the browser: so the
 * person signs in by the same pages, as recently and by as much as the client has registered (OpenID Connect Registration §2), and the
 * code is guessed at nowhere else. Nothing is allowed by typing it.
 */
export function enterUserCode(dependencies: OauthDependencies) {
  const { peers, clients, clock } = dependencies;
  return async (request: EnterUserCodeRequest, context: HandlerContext): Promise<EnterUserCodeResponse> => {
    const call = callOf(context);
    const { device } = await peers
      .client(DeviceCodeService)
      .tryUserCode({ userCode: request.userCode, remoteAddress: request.remoteAddress }, forward(call));
    const client = device === undefined ? undefined : await clients.get(call, device.clientId);
    if (device === undefined || client === undefined) {
      throw oauthFailure(OauthErrorReason.USER_CODE_NOT_FOUND, "no device waits with this code");
    }
    const sessions = await browserSessions(peers, call, request.sessionToken);
    const authorization = create(AuthorizationSchema, {
      clientId: client.clientId,
      deviceCodeId: device.deviceCodeId,
      acrValues: [...askedAcrValues(client, { acrValues: "" }, {})],
      createTime: timestampFromMs(clock()),
      sessionsBefore: sessionsBefore(sessions),
      ...(client.defaultMaxAge === undefined ? {} : { maxAge: BigInt(client.defaultMaxAge) }),
    });
    const authorizationId = await storeAuthorization(dependencies, call, authorization, request.browserToken);
    const person = await signedInPerson(dependencies, call, authorization, sessions[0]?.session);
    return create(EnterUserCodeResponseSchema, { authorizationId, signIn: person === undefined });
  };
}
