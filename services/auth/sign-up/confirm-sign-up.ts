import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ConfirmSignUpResponseSchema,
  type ConfirmSignUpRequest,
  type ConfirmSignUpResponse,
} from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { AccountOpeningService } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { checkMayOpen } from "./check-sign-up-allowed.ts";
import { openSignUp, signUpTokenInvalid } from "./open-sign-up.ts";
import { signUpCompleted } from "./sign-up-events.ts";

/**
 * Opens the account that a link was mailed for. Its id stands in the link's record: of several who use the link, and after a
 * crash before it was used up, one opens the account and the others change nothing (security A24). It signs nobody in: the
 * password and whatever else the sign-in asks for are needed next.
 */
export function confirmSignUp(dependencies: AuthDependencies) {
  const { store, vault, peers, clock } = dependencies;
  return async (request: ConfirmSignUpRequest, context: HandlerContext): Promise<ConfirmSignUpResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const proof = await openSignUp(data, await vault.tenant(call.tenantId), request.token);
    const { userId, email, locale, authorizationId, changeId: invitationId, invitationLink } = proof.record;
    await checkMayOpen(dependencies, call, proof.record);
    const { password } = request;
    await checkPasswordAllowed(dependencies, call, "");
    const name = request.name || proof.record.name;
    const { opened } = await peers
      .client(AccountOpeningService)
      .openAccount({ userId, email, name, locale, password, invitationId, invitationLink }, forward(call));
    const used = signUpCompleted(call, clock(), proof.record, proof.version + 1);
    await commitUnlessChanged(data, [remove(mailboxProofs, proof)], [used]);
    if (!opened) throw signUpTokenInvalid();
    return create(ConfirmSignUpResponseSchema, { userId, email, authorizationId });
  };
}
