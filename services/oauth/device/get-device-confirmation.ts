import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import {
  GetDeviceConfirmationResponseSchema,
  type GetDeviceConfirmationRequest,
  type GetDeviceConfirmationResponse,
} from "#gen/koder/oauth/v1/device_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { scopeGroups } from "../consents/scope-groups.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { pendingDevice } from "./pending-device.ts";

/**
 * What a person sees before they decide (RFC 8628 §5.4): whose device, what it gets, the code that it shows, and as whom they
 * would allow it. Asked for every time, of whichever client, and never remembered: whoever allows it may have been led here.
 */
export function getDeviceConfirmation(dependencies: OauthDependencies) {
  const { peers } = dependencies;
  return async (
    request: GetDeviceConfirmationRequest,
    context: HandlerContext,
  ): Promise<GetDeviceConfirmationResponse> => {
    const call = callOf(context);
    const { client, device, session } = await pendingDevice(dependencies, call, request);
    if (session === undefined) return create(GetDeviceConfirmationResponseSchema, {});
    const { scopes, resources } = device;
    const [{ user }, groups] = await Promise.all([
      peers.client(CredentialService).getClaims({ userId: session.userId }, forward(call)),
      scopeGroups(dependencies, call, { scopes, scopesOfClaims: [], resources }),
    ]);
    return create(GetDeviceConfirmationResponseSchema, {
      confirmation: {
        clientId: client.clientId,
        clientName: client.clientName,
        policyUri: client.policyUri,
        tosUri: client.tosUri,
        groups: groups.map((group) => ({ ...group, scopes: [...group.scopes] })),
        userCode: device.userCode,
        accountName: user?.name || (user?.username ?? ""),
        accountEmail: user?.email ?? "",
        sessionId: session.id,
      },
    });
  };
}
