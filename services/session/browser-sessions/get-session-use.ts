import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSessionUseResponseSchema,
  type GetSessionUseRequest,
  type GetSessionUseResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { sessionUses } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { keptSession } from "./kept-session.ts";
import { lastUse } from "./session-use.ts";

/** When a session was last used, for whoever has a limit of its own on that. */
export function getSessionUse({ store, clock }: Pick<SessionDependencies, "store" | "clock">) {
  return async ({ sessionId }: GetSessionUseRequest, context: HandlerContext): Promise<GetSessionUseResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    const [session, use] = await Promise.all([keptSession(data, sessionId, clock()), data.get(sessionUses, sessionId)]);
    if (session === undefined) return create(GetSessionUseResponseSchema);
    const lastUseTime = timestampFromMs(lastUse(session.record, use?.record));
    return create(GetSessionUseResponseSchema, { lastUseTime });
  };
}
