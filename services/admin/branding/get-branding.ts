import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetBrandingResponseSchema,
  type GetBrandingRequest,
  type GetBrandingResponse,
} from "#gen/koder/admin/v1/branding_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { brandings, brandingId } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { brandingMessage } from "./branding-message.ts";

/** The tenant's branding, with its pictures. */
export function getBranding({ store }: Pick<AdminDependencies, "store">) {
  return async (_request: GetBrandingRequest, context: HandlerContext): Promise<GetBrandingResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(brandings, brandingId);
    return create(GetBrandingResponseSchema, { branding: brandingMessage(stored, { withData: true }) });
  };
}
