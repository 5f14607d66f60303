import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetRelatedOriginsResponseSchema,
  type GetRelatedOriginsRequest,
  type GetRelatedOriginsResponse,
} from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { androidAppMessage } from "./policy-message.ts";

/** The origins of other pages, and the apps, that may ask for the tenant's passkeys. Most calls read nothing. */
export function getRelatedOrigins({ policies }: Pick<AuthDependencies, "policies">) {
  return async (_request: GetRelatedOriginsRequest, context: HandlerContext): Promise<GetRelatedOriginsResponse> => {
    const { passkeyRelatedOrigins, passkeyAndroidApps } = await policies.get(callOf(context));
    return create(GetRelatedOriginsResponseSchema, {
      origins: [...passkeyRelatedOrigins],
      androidApps: passkeyAndroidApps.map(androidAppMessage),
    });
  };
}
