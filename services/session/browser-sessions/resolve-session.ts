import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  ResolveSessionResponseSchema,
  type ResolveSessionRequest,
  type ResolveSessionResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { writeTokens } from "./browser-tokens.ts";
import { isNoted } from "./session-clients.ts";
import { sessionMessage } from "./session-message.ts";
import { sessionsOfBrowser } from "./sessions-of-browser.ts";

/** The live sessions of a browser, the active one first. That is no use of it yet: an answer to an application is. */
export function resolveSession({ store, vault, clock }: SessionDependencies) {
  return async (request: ResolveSessionRequest, context: HandlerContext): Promise<ResolveSessionResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const kept = await sessionsOfBrowser(data, await vault.tenant(call.tenantId), request.sessionToken, clock());
    const live = kept.flatMap(({ token, live: session }) => (session === undefined ? [] : [{ token, session }]));
    const tokens = live.map(({ token }) => token);
    const isAsked = request.clientId !== "" && live.length > 1;
    const sessions = await Promise.all(
      live.map(async ({ token, session }) => ({
        session: sessionMessage(session),
        sessionToken: writeTokens([token, ...tokens.filter((other) => other !== token)]),
        signedInToClient: isAsked && (await isNoted(data, session.id, request.clientId)),
      })),
    );
    const [active] = sessions;
    return create(ResolveSessionResponseSchema, {
      sessions,
      ...(active === undefined ? {} : { session: active.session }),
    });
  };
}
