import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  DecideConsentResponseSchema,
  type DecideConsentRequest,
  type DecideConsentResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { giveConsent } from "../consents/give-consent.ts";
import { shownScopes } from "../consents/shown-scopes.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { answerWithRefusal } from "./answer-with-refusal.ts";
import { forSession } from "./authorization-state.ts";
import { goOn } from "./go-on.ts";
import { pendingState } from "./pending-state.ts";

/**
 * Keeps what the person agreed to, and goes on; or tells the client that they refused, with which the request is over. The decision is
 * that of the account that the page showed: where it is signed out by then, or was never there, nothing is decided. Nor is it
 * where the page showed something else than what is asked for by now, because a client whose scopes come and go would have the
 * yes for what nobody read. What was agreed to is kept first; a crash before the code leaves the person to press the button again.
 */
export function decideConsent(dependencies: OauthDependencies) {
  return async (request: DecideConsentRequest, context: HandlerContext): Promise<DecideConsentResponse> => {
    const call = callOf(context);
    const { pending, state } = await pendingState(dependencies, call, request);
    const shown = state.sessions.find(({ session }) => session.id === request.sessionId)?.session;
    // About a device the person decides on a page of its own.
    if (shown === undefined || state.authorization.deviceCodeId !== "") {
      return create(DecideConsentResponseSchema, { next: await goOn(dependencies, state, request) });
    }
    if (!request.granted) {
      const redirect = await answerWithRefusal(dependencies, call, pending, "the person refused");
      return create(DecideConsentResponseSchema, { next: { case: "redirect", value: redirect } });
    }
    if (request.shown !== undefined && request.shown !== shownScopes(state.groups)) {
      return create(DecideConsentResponseSchema, { next: await goOn(dependencies, state, request) });
    }
    const authorization = await giveConsent(dependencies, call, pending, {
      userId: shown.userId,
      clientId: state.client.clientId,
      groups: state.groups,
    });
    const agreed = await forSession(dependencies, { ...state, authorization }, shown);
    return create(DecideConsentResponseSchema, { next: await goOn(dependencies, agreed, request) });
  };
}
