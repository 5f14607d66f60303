import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetClientLogoResponseSchema,
  type GetClientLogoRequest,
  type GetClientLogoResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { callOf } from "../../../host/call.ts";
import type { OauthDependencies } from "../../dependencies.ts";

/** A client's logo, or nothing. */
export function getClientLogo({ clients, logos }: Pick<OauthDependencies, "clients" | "logos">) {
  return async (request: GetClientLogoRequest, context: HandlerContext): Promise<GetClientLogoResponse> => {
    const call = callOf(context);
    const client = await clients.get(call, request.clientId);
    const logo = client === undefined ? undefined : await logos.get(call.tenantId, client);
    return create(GetClientLogoResponseSchema, logo ?? {});
  };
}
