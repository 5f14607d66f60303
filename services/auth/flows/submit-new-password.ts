import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  SubmitNewPasswordResponseSchema,
  type SubmitNewPasswordRequest,
  type SubmitNewPasswordResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { completeFlow } from "./complete-flow.ts";
import { flowMessage } from "./flow-message.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Takes the new password of a flow that asks for one, and completes it. The change voids everything older, the flow's own
 * epoch too, so the session carries the epoch that the change gave. If the user was voided since the old password was
 * verified, by an administrator or another change, the flow is over: what it proved no longer counts.
 */
export function submitNewPassword(dependencies: AuthDependencies) {
  const { store, vault, peers } = dependencies;
  return async (request: SubmitNewPasswordRequest, context: HandlerContext): Promise<SubmitNewPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await openFlow(data, await vault.tenant(call.tenantId), request, FlowStep.NEW_PASSWORD);
    const { userId } = stored.record;
    const now = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
    if (now.userEpoch !== stored.record.userEpoch) throw stepNotExpected();
    const { userEpoch } = await peers
      .client(CredentialService)
      .changePassword({ userId, newPassword: request.newPassword }, forward(call));
    const { flow, sessionToken } = await completeFlow(dependencies, call, stored, { userEpoch }, request.browser);
    return create(SubmitNewPasswordResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
