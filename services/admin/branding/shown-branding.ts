import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetBrandingImageResponseSchema,
  GetShownBrandingResponseSchema,
  type GetBrandingImageRequest,
  type GetBrandingImageResponse,
  type GetShownBrandingRequest,
  type GetShownBrandingResponse,
} from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { brandings, brandingId } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { brandingMessage } from "./branding-message.ts";

/** The tenant's branding for who shows it, without the bytes of its pictures; read from the store, remembered by those who ask. */
export function getShownBranding({ store }: Pick<AdminDependencies, "store">) {
  return async (_request: GetShownBrandingRequest, context: HandlerContext): Promise<GetShownBrandingResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(brandings, brandingId);
    return create(GetShownBrandingResponseSchema, { branding: brandingMessage(stored, { withData: false }) });
  };
}

/** A picture of the tenant by its version. It is looked for among the tenant's own alone: no version leads to another's. */
export function getBrandingImage({ store }: Pick<AdminDependencies, "store">) {
  return async ({ version }: GetBrandingImageRequest, context: HandlerContext): Promise<GetBrandingImageResponse> => {
    const stored = await store.tenant(callOf(context).tenantId).get(brandings, brandingId);
    const { logo, logoDark, favicon } = brandingMessage(stored, { withData: true });
    const image = [logo, logoDark, favicon].find((one) => one?.version === version);
    return create(GetBrandingImageResponseSchema, image === undefined ? {} : { image });
  };
}
