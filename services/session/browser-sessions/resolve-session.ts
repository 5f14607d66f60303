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
import { sessionMessage } from "./session-message.ts";
import { sessionsOfBrowser } from "./sessions-of-browser.ts";

/** The live sessions of a browser, the active one first. */
export function resolveSession({ store, vault }: SessionDependencies) {
  return async (request: ResolveSessionRequest, context: HandlerContext): Promise<ResolveSessionResponse> => {
    const call = callOf(context);
    const kept = await sessionsOfBrowser(
      store.tenant(call.tenantId),
      await vault.tenant(call.tenantId),
      request.sessionToken,
    );
    const live = kept.flatMap(({ token, live: session }) => (session === undefined ? [] : [{ token, session }]));
    const tokens = live.map(({ token }) => token);
    const sessions = live.map(({ token, session }) => ({
      session: sessionMessage(session),
      sessionToken: writeTokens([token, ...tokens.filter((other) => other !== token)]),
    }));
    const [active] = sessions;
    return create(ResolveSessionResponseSchema, {
      sessions,
      ...(active === undefined ? {} : { session: active.session }),
    });
  };
}
