import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  BeginNewTotpResponseSchema,
  GetNewPasskeyOptionsResponseSchema,
  GiveNewPasskeyResponseSchema,
  GiveNewTotpResponseSchema,
  type BeginNewTotpRequest,
  type BeginNewTotpResponse,
  type GetNewPasskeyOptionsRequest,
  type GetNewPasskeyOptionsResponse,
  type GiveNewPasskeyRequest,
  type GiveNewPasskeyResponse,
  type GiveNewTotpRequest,
  type GiveNewTotpResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import { newPasskeyOfFlow } from "./offer-new-passkey.ts";
import { totpOfFlow } from "./offer-totp.ts";
import { takeNewPasskey } from "./take-new-passkey.ts";
import { takeNewTotp } from "./take-new-totp.ts";

// An authenticator app or a passkey that is added in a flow outside of a browser, by whoever has its id.

/** The secret of the app. */
export function beginNewTotp(dependencies: AuthDependencies) {
  return async ({ flowId }: BeginNewTotpRequest, context: HandlerContext): Promise<BeginNewTotpResponse> =>
    create(BeginNewTotpResponseSchema, await totpOfFlow(dependencies, callOf(context), { flowId }));
}

/** Takes a code that it shows. */
export function giveNewTotp(dependencies: AuthDependencies) {
  return async ({ flowId, code }: GiveNewTotpRequest, context: HandlerContext): Promise<GiveNewTotpResponse> => {
    const { flow, ...shown } = await takeNewTotp(dependencies, callOf(context), { flowId, code });
    return create(GiveNewTotpResponseSchema, { flow: flowMessage(flowId, flow, shown) });
  };
}

/** What a passkey is made by. */
export function getNewPasskeyOptions(dependencies: AuthDependencies) {
  return async (
    { flowId }: GetNewPasskeyOptionsRequest,
    context: HandlerContext,
  ): Promise<GetNewPasskeyOptionsResponse> => {
    const optionsJson = await newPasskeyOfFlow(dependencies, callOf(context), { flowId });
    return create(GetNewPasskeyOptionsResponseSchema, { optionsJson });
  };
}

/** Takes the passkey that was made. */
export function giveNewPasskey(dependencies: AuthDependencies) {
  return async (
    { flowId, credentialJson }: GiveNewPasskeyRequest,
    context: HandlerContext,
  ): Promise<GiveNewPasskeyResponse> => {
    const { flow, ...shown } = await takeNewPasskey(dependencies, callOf(context), { flowId, credentialJson });
    return create(GiveNewPasskeyResponseSchema, { flow: flowMessage(flowId, flow, shown) });
  };
}
