import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import {
  UnregisterClientResponseSchema,
  type UnregisterClientRequest,
  type UnregisterClientResponse,
} from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { removeClient } from "../clients/remove-client.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { registeredClient } from "./registration-access-token.ts";

/** A client takes its leave (RFC 7592 §2.3): its id stays a tombstone, and everything issued to it is void before the answer. */
export function unregisterClient(dependencies: OauthDependencies) {
  return async (request: UnregisterClientRequest, context: HandlerContext): Promise<UnregisterClientResponse> => {
    const call = callOf(context);
    try {
      const actor = { id: request.clientId, type: ActorType.CLIENT };
      await changeLatest(undefined, async () => {
        const stored = await registeredClient(dependencies, call, request);
        await removeClient(dependencies, { ...call, actor }, stored);
      });
      return create(UnregisterClientResponseSchema, { outcome: { case: "unregistered", value: {} } });
    } catch (error) {
      if (!(error instanceof OAuthRefusal)) throw error;
      return create(UnregisterClientResponseSchema, { outcome: { case: "error", value: error.toMessage() } });
    }
  };
}
