import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  EndGrantsOfClientResponseSchema,
  type EndGrantsOfClientRequest,
  type EndGrantsOfClientResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { voidCode } from "../codes/void-code.ts";
import { takeBack } from "../device-codes/take-back.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endGrant } from "./end-grant.ts";
import { codesOfClient, deviceCodesOfClient, grantsOfClient } from "./grants-of.ts";

/**
 * Ends what a person gave to a client. The codes go first: one that is redeemed meanwhile has its grant by the time when
 * the grants are looked for. Whoever calls has seen to it that no new code is issued.
 */
export function endGrantsOfClient({ store, clock }: SessionDependencies) {
  return async (request: EndGrantsOfClientRequest, context: HandlerContext): Promise<EndGrantsOfClientResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { userId, clientId } = request;
    for await (const code of codesOfClient(data, userId, clientId)) await voidCode(data, call, clock(), code);
    for await (const code of deviceCodesOfClient(data, userId, clientId)) await takeBack(data, call, clock(), code);
    let ended = 0;
    for await (const { record } of grantsOfClient(data, userId, clientId)) {
      if (await endGrant(data, call, clock(), record.id, "consent_withdrawn")) ended += 1;
    }
    return create(EndGrantsOfClientResponseSchema, { ended });
  };
}
