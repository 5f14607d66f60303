import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ChangePasswordResponseSchema,
  type ChangePasswordRequest,
  type ChangePasswordResponse,
} from "#gen/koder/auth/v1/account_service_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { countAttempt } from "../attempts.ts";
import { attemptsOfTenant } from "../policy/attempts-of-tenant.ts";
import { authFailure } from "../auth-failure.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { userOf } from "../../host/user-of.ts";
import { tellPasswordChanged } from "./tell-password-changed.ts";

/**
 * Changes a person's own password by the one that they have, which is counted before it is verified, in the same row as at
 * sign-ins (security A7, A8): whoever has taken over a session has no more guesses than anybody. Everything that the person
 * was issued is void before the answer.
 */
export function changePassword(dependencies: AuthDependencies) {
  const { store, vault, peers, clock } = dependencies;
  return async (request: ChangePasswordRequest, context: HandlerContext): Promise<ChangePasswordResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    await checkPasswordAllowed(dependencies, call, userId);
    const { userEpoch } = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
    const attempt = await countAttempt(store.tenant(call.tenantId), await attemptsOfTenant(dependencies, call), clock, {
      accountKey: userId,
      userEpoch,
      remoteAddress: call.clientAddress,
    });
    const credentials = peers.client(CredentialService);
    const { currentPassword, newPassword } = request;
    const { verified } = await credentials.verifyPassword({ userId, password: currentPassword }, forward(call));
    if (!verified) {
      throw authFailure(AuthErrorReason.PASSWORD_MISMATCH, "current_password: is not the password that you have", {
        violations: [{ field: "current_password", description: "must be the password that you have" }],
      });
    }
    await attempt.succeeded();
    await credentials.changePassword({ userId, newPassword }, forward(call));
    await tellPasswordChanged(dependencies, call, await vault.tenant(call.tenantId), userId);
    return create(ChangePasswordResponseSchema);
  };
}
