import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import {
  SubmitPasswordResponseSchema,
  type SubmitPasswordRequest,
  type SubmitPasswordResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { FlowStep } from "#gen/koder/auth/v1/flow_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { countAttempt } from "../attempts.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { knownDevice } from "../devices/known-device.ts";
import { flowMessage } from "./flow-message.ts";
import { goOn } from "./go-on.ts";
import { openFlow } from "./open-flow.ts";

/**
 * Takes the password of a flow. The user's epoch is read and the attempt counted before the password is verified: so a
 * password change or a disabling that happens meanwhile voids the session that would come of it, and no guess is free. What
 * goes wrong has one answer, whoever the name belongs to (security A23).
 *
 * A crash after the count leaves a failure too many; one after the verification, a flow that can be tried again; later
 * ones are told at `completeFlow`.
 */
export function submitPassword(dependencies: AuthDependencies) {
  const { store, vault, peers, attempts, clock } = dependencies;
  return async (request: SubmitPasswordRequest, context: HandlerContext): Promise<SubmitPasswordResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await openFlow(data, tenantVault, request, FlowStep.PASSWORD);
    const { userId, accountKey } = stored.record;
    const [{ userEpoch }, device] = await Promise.all([
      peers.client(RevocationService).getUserEpoch({ userId }, forward(call)),
      knownDevice(data, tenantVault, userId, request.browser?.browserToken ?? ""),
    ]);
    const attempt = await countAttempt(data, attempts, clock(), {
      accountKey,
      userEpoch,
      remoteAddress: request.browser?.remoteAddress ?? "",
      knownDevice: device?.record.idHash,
    });
    const { verified, passwordChangeRequired } = await peers
      .client(CredentialService)
      .verifyPassword({ userId, password: request.password }, forward(call));
    if (!verified) {
      throw authFailure(AuthErrorReason.PASSWORD_MISMATCH, "the name or the password is not right");
    }
    // Beside what follows, not before it: on a store that groups commits they share a transaction.
    const takenBack = attempt.succeeded();
    const now = clock();
    const proven = { amr: ["pwd"], authTime: timestampFromMs(now), userEpoch, passwordChangeRequired };
    const gone = goOn(dependencies, call, stored, proven, request.browser);
    const [{ flow, sessionToken }] = await Promise.all([gone, takenBack]);
    return create(SubmitPasswordResponseSchema, { flow: flowMessage(request.flowId, flow), sessionToken });
  };
}
