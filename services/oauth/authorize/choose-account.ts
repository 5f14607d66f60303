import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { AuthorizationSchema, type Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import {
  ChooseAccountResponseSchema,
  type ChooseAccountRequest,
  type ChooseAccountResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import { Conflict, type Stored } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { authorizations } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { forSession } from "./authorization-state.ts";
import { goOn } from "./go-on.ts";
import { pendingState } from "./pending-state.ts";

/**
 * Goes on with the account that the person chose, which becomes the browser's active one. Only a session that the browser
 * holds can be chosen: any other id, also that of one that has ended, leads to the choice again.
 */
export function chooseAccount(dependencies: OauthDependencies) {
  return async (request: ChooseAccountRequest, context: HandlerContext): Promise<ChooseAccountResponse> => {
    const call = callOf(context);
    const { pending, state } = await pendingState(dependencies, call, request);
    const chosen = state.sessions.find(({ session }) => session.id === request.sessionId);
    if (chosen === undefined) {
      return create(ChooseAccountResponseSchema, { next: await goOn(dependencies, state, request) });
    }
    const authorization = await markChosen(dependencies, call, pending);
    const sessions = [chosen, ...state.sessions.filter((other) => other !== chosen)];
    const moved = await forSession(
      dependencies,
      { ...state, authorization, sessions, isSessionNamed: true },
      chosen.session,
    );
    return create(ChooseAccountResponseSchema, {
      next: await goOn(dependencies, moved, request),
      sessionToken: chosen.sessionToken,
    });
  };
}

/** Marks the request, so that neither a hint nor `prompt` asks again. */
async function markChosen(
  { store }: Pick<OauthDependencies, "store">,
  call: Call,
  pending: Stored<typeof AuthorizationSchema>,
): Promise<Authorization> {
  if (pending.record.accountChosen) return pending.record;
  const record = create(AuthorizationSchema, { ...pending.record, accountChosen: true });
  try {
    await store.tenant(call.tenantId).commit([replace(authorizations, record, pending.version)], []);
    return record;
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    throw failure(ErrorReason.CONFLICT, "the sign-in was gone on with in another window; choose again", {
      cause: error,
    });
  }
}
