import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetFlowResponseSchema,
  GetPasskeyOptionsResponseSchema,
  GiveNewPasswordResponseSchema,
  GivePasskeyResponseSchema,
  GivePasswordResponseSchema,
  GiveRecoveryCodeResponseSchema,
  GiveTotpResponseSchema,
  type GetFlowRequest,
  type GetFlowResponse,
  type GetPasskeyOptionsRequest,
  type GetPasskeyOptionsResponse,
  type GiveNewPasswordRequest,
  type GiveNewPasswordResponse,
  type GivePasskeyRequest,
  type GivePasskeyResponse,
  type GivePasswordRequest,
  type GivePasswordResponse,
  type GiveRecoveryCodeRequest,
  type GiveRecoveryCodeResponse,
  type GiveTotpRequest,
  type GiveTotpResponse,
} from "#gen/koder/auth/v1/flow_service_pb.ts";
import type { Flow } from "#gen/koder/auth/v1/flow_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { flowMessage } from "./flow-message.ts";
import type { GoneOn } from "./go-on.ts";
import { findFlow } from "./open-flow.ts";
import { passkeyOffer } from "./passkey-offer.ts";
import { takeNewPassword } from "./take-new-password.ts";
import { takePasskey } from "./take-passkey.ts";
import { takePassword } from "./take-password.ts";
import { takeRecoveryCode } from "./take-recovery-code.ts";
import { takeTotp } from "./take-totp.ts";

// The steps of a flow outside of a browser: the same as a browser's, by whoever has the flow's id.

/** Where the flow stands. */
export function getFlow({ store, vault }: Pick<AuthDependencies, "store" | "vault">) {
  return async (request: GetFlowRequest, context: HandlerContext): Promise<GetFlowResponse> => {
    const { tenantId } = callOf(context);
    const { flowId } = request;
    const { record } = await findFlow(store.tenant(tenantId), await vault.tenant(tenantId), { flowId });
    return create(GetFlowResponseSchema, { flow: flowMessage(flowId, record) });
  };
}

/** Takes the password. */
export function givePassword(dependencies: AuthDependencies) {
  return async ({ flowId, password }: GivePasswordRequest, context: HandlerContext): Promise<GivePasswordResponse> => {
    const gone = await takePassword(dependencies, callOf(context), { flowId, password });
    return create(GivePasswordResponseSchema, { flow: shown(flowId, gone) });
  };
}

/** What a passkey is asked by. */
export function getPasskeyOptions(dependencies: AuthDependencies) {
  return async ({ flowId }: GetPasskeyOptionsRequest, context: HandlerContext): Promise<GetPasskeyOptionsResponse> => {
    const { optionsJson } = await passkeyOffer(dependencies, callOf(context), { flowId });
    return create(GetPasskeyOptionsResponseSchema, { optionsJson });
  };
}

/** Takes a passkey. */
export function givePasskey(dependencies: AuthDependencies) {
  return async (
    { flowId, credentialJson }: GivePasskeyRequest,
    context: HandlerContext,
  ): Promise<GivePasskeyResponse> => {
    const gone = await takePasskey(dependencies, callOf(context), { flowId, credentialJson });
    return create(GivePasskeyResponseSchema, { flow: shown(flowId, gone) });
  };
}

/** Takes a code of an authenticator app. */
export function giveTotp(dependencies: AuthDependencies) {
  return async ({ flowId, code }: GiveTotpRequest, context: HandlerContext): Promise<GiveTotpResponse> => {
    const gone = await takeTotp(dependencies, callOf(context), { flowId, code });
    return create(GiveTotpResponseSchema, { flow: shown(flowId, gone) });
  };
}

/** Takes a recovery code. */
export function giveRecoveryCode(dependencies: AuthDependencies) {
  return async (
    { flowId, code }: GiveRecoveryCodeRequest,
    context: HandlerContext,
  ): Promise<GiveRecoveryCodeResponse> => {
    const gone = await takeRecoveryCode(dependencies, callOf(context), { flowId, code });
    return create(GiveRecoveryCodeResponseSchema, { flow: shown(flowId, gone) });
  };
}

/** Takes a new password. */
export function giveNewPassword(dependencies: AuthDependencies) {
  return async (
    { flowId, newPassword }: GiveNewPasswordRequest,
    context: HandlerContext,
  ): Promise<GiveNewPasswordResponse> => {
    const gone = await takeNewPassword(dependencies, callOf(context), { flowId, newPassword });
    return create(GiveNewPasswordResponseSchema, { flow: shown(flowId, gone) });
  };
}

const shown = (flowId: string, { flow, loginHandle }: GoneOn): Flow => flowMessage(flowId, flow, { loginHandle });
