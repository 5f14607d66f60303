import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetSessionFactorsResponseSchema,
  type GetSessionFactorsRequest,
  type GetSessionFactorsResponse,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { keptSession } from "./kept-session.ts";

/** By what a session was signed in to. */
export function getSessionFactors({ store, clock }: Pick<SessionDependencies, "store" | "clock">) {
  return async (
    { sessionId }: GetSessionFactorsRequest,
    context: HandlerContext,
  ): Promise<GetSessionFactorsResponse> => {
    const session = await keptSession(store.tenant(callOf(context).tenantId), sessionId, clock());
    if (session === undefined) return create(GetSessionFactorsResponseSchema);
    const { firstFactor, secondFactors, amr } = session.record;
    return create(GetSessionFactorsResponseSchema, { firstFactor, secondFactors, amr });
  };
}
