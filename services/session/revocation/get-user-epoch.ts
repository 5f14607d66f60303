import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetUserEpochResponseSchema,
  type GetUserEpochRequest,
  type GetUserEpochResponse,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { epochOf } from "./epoch.ts";

/** The epoch that an authentication beginning now must carry. A name that nobody has costs the same read. */
export function getUserEpoch({ store }: SessionDependencies) {
  return async (request: GetUserEpochRequest, context: HandlerContext): Promise<GetUserEpochResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(GetUserEpochResponseSchema, { userEpoch: await epochOf(data, { user: request.userId }) });
  };
}
