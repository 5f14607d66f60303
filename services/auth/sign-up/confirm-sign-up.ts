import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ConfirmSignUpResponseSchema,
  type ConfirmSignUpRequest,
  type ConfirmSignUpResponse,
} from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { AccountOpeningService } from "#gen/koder/identity/v1/account_opening_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { isShownLine, wantedShownLine } from "../../host/shown-line.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { remove } from "../../store/writes.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { checkPasswordAllowed } from "../factors/check-factor-allowed.ts";
import { acceptance } from "../required-actions/accepted-terms.ts";
import { termsNotAccepted, termsUriOf } from "../required-actions/terms-to-accept.ts";
import { checkMayOpen } from "./check-sign-up-allowed.ts";
import { openSignUp, signUpTokenInvalid } from "./open-sign-up.ts";
import { signUpCompleted } from "./sign-up-events.ts";

/**
 * Opens the account that a link was mailed for. Its id stands in the link's record: of several who use the link, and after a
 * crash before it was used up, one opens the account and the others change nothing (security A24). It signs nobody in: the
 * password and whatever else the sign-in asks for are needed next. The terms that they accept are kept with the link's end: after
 * a crash before that they are asked for at the sign-in.
 */
export function confirmSignUp(dependencies: AuthDependencies) {
  const { store, vault, peers, policies, clock } = dependencies;
  return async (request: ConfirmSignUpRequest, context: HandlerContext): Promise<ConfirmSignUpResponse> => {
    const call = callOf(context);
    if (!isShownLine(request.name)) {
      const violations = [{ field: "name", description: wantedShownLine }];
      throw failure(ErrorReason.INVALID_REQUEST, `name: ${wantedShownLine}`, { violations });
    }
    const data = store.tenant(call.tenantId);
    const proof = await openSignUp(data, await vault.tenant(call.tenantId), request.token);
    const { userId, email, locale, authorizationId, changeId: invitationId, invitationLink } = proof.record;
    await checkMayOpen(dependencies, call, proof.record);
    const { password, termsVersion } = request;
    const { termsVersion: asked } = await policies.get(call);
    if (termsVersion !== asked && asked !== "") throw termsNotAccepted("terms_version", asked);
    await checkPasswordAllowed(dependencies, call, "");
    const name = request.name || proof.record.name;
    const { opened } = await peers
      .client(AccountOpeningService)
      .openAccount({ userId, email, name, locale, password, invitationId, invitationLink }, forward(call));
    const now = clock();
    const used = signUpCompleted(call, now, proof.record, proof.version + 1);
    // Whoever did not open the account accepted nothing for it.
    const terms = opened && asked !== "" ? { userId, version: asked, uri: await termsUriOf(peers, call) } : undefined;
    const accepted = terms && (await acceptance(data, call, now, terms));
    const [writes, events] = accepted === undefined ? [[], []] : [[accepted.write], [accepted.event]];
    const isUsedUp = await commitUnlessChanged(data, [remove(mailboxProofs, proof), ...writes], [used, ...events]);
    // Somebody else used the link up at this moment, who did not open the account.
    if (!isUsedUp && accepted !== undefined) await commitUnlessChanged(data, writes, events);
    if (!opened) throw signUpTokenInvalid();
    return create(ConfirmSignUpResponseSchema, { userId, email, authorizationId });
  };
}
