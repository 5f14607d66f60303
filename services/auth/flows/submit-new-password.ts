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
import { flowMessage } from "./flow-message.ts";
import { goOn } from "./go-on.ts";
import { openFlow, stepNotExpected } from "./open-flow.ts";

/**
 * Takes the new password of a flow that asks for one, and goes on. What the flow proved counts as long as nothing else
 * voided the user since: the change itself must be the very next epoch, which the session then carries. An administrator who
 * disables the user, or sets a password of their own, so leaves no session behind, at whichever moment they come.
 *
 * A crash before the change leaves the flow as it was; one within it, a flow that takes the same password again; one after
 * it, a changed password to sign in with, and nothing open.
 */
export function submitNewPassword(dependencies: AuthDependencies) {
  const { store, vault, peers } = dependencies;
  return async (request: SubmitNewPasswordRequest, context: HandlerContext): Promise<SubmitNewPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const stored = await openFlow(data, await vault.tenant(call.tenantId), request, FlowStep.NEW_PASSWORD);
    const { userId } = stored.record;
    const proven = stored.record.userEpoch;
    const current = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
    if (current.userEpoch !== proven) throw stepNotExpected();
    const { userEpoch } = await peers
      .client(CredentialService)
      .changePassword({ userId, newPassword: request.newPassword }, forward(call));
    if (userEpoch !== proven + 1n) throw stepNotExpected();
    const changed = { userEpoch, passwordChangeRequired: false };
    const { flow, sessionToken } = await goOn(dependencies, call, stored, changed, request.browser);
    return create(SubmitNewPasswordResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
