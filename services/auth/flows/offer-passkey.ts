import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  OfferPasskeyResponseSchema,
  type OfferPasskeyRequest,
  type OfferPasskeyResponse,
} from "#gen/koder/auth/v1/flow_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { passkeyOffer } from "./passkey-offer.ts";

/** Answers what a browser asks a passkey by. */
export function offerPasskey(dependencies: AuthDependencies) {
  return async (request: OfferPasskeyRequest, context: HandlerContext): Promise<OfferPasskeyResponse> =>
    create(OfferPasskeyResponseSchema, await passkeyOffer(dependencies, callOf(context), request));
}
