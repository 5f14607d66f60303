import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DecideDeviceResponseSchema,
  type DecideDeviceRequest,
  type DecideDeviceResponse,
} from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { DeviceCodeService, DeviceDecisionOutcome } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { pendingAuthorization } from "../authorize/pending-authorization.ts";
import { activeSession } from "../authorize/browser-sessions.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { deviceGone } from "./pending-device.ts";
import { signedInPerson } from "./signed-in-person.ts";

/**
 * Takes the decision of whoever is signed in to the browser that typed the code. It is that of the account that the page
 * showed: where another one is the active one by then, nothing is decided. The same form sent again is no fault.
 */
export function decideDevice(dependencies: OauthDependencies) {
  const { peers } = dependencies;
  return async (request: DecideDeviceRequest, context: HandlerContext): Promise<DecideDeviceResponse> => {
    const call = callOf(context);
    const { authorizationId, browserToken, sessionToken, sessionId, allowed } = request;
    const { record } = await pendingAuthorization(dependencies, call, authorizationId, browserToken);
    const { deviceCodeId } = record;
    if (deviceCodeId === "") throw deviceGone();
    const active = await activeSession(peers, call, sessionToken);
    const session = await signedInPerson(dependencies, call, record, active);
    if (session === undefined) return create(DecideDeviceResponseSchema, { signIn: true });
    if (session.id !== sessionId) return create(DecideDeviceResponseSchema, { showAgain: true });
    const { outcome } = await peers
      .client(DeviceCodeService)
      .decideDeviceCode({ deviceCodeId, sessionId, allowed }, forward(call));
    if (outcome === DeviceDecisionOutcome.GONE) throw deviceGone();
    return create(DecideDeviceResponseSchema, { signIn: outcome === DeviceDecisionOutcome.SESSION_ENDED });
  };
}
