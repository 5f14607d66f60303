import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Branding as StoredBranding } from "#gen/koder/admin/store/v1/branding_pb.ts";
import {
  UpdateBrandingResponseSchema,
  type UpdateBrandingRequest,
  type UpdateBrandingResponse,
} from "#gen/koder/admin/v1/branding_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { brandings, brandingId } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { brandingChange } from "./branding-change.ts";
import { brandingInvalid } from "./branding-invalid.ts";
import { brandingMessage } from "./branding-message.ts";

/** Changes the fields of the tenant's branding that the mask names, all or none. */
export function updateBranding(needs: Pick<AdminDependencies, "store" | "clock">) {
  return async (request: UpdateBrandingRequest, context: HandlerContext): Promise<UpdateBrandingResponse> => {
    const stored = await changeTenantRecord(needs, callOf(context), place, {
      asked: request.branding,
      mask: request.updateMask,
      change: brandingChange,
      check: checkLogos,
      event: (paths) => ({
        case: "brandingUpdated",
        value: { $typeName: "koder.events.v1.BrandingUpdated", paths },
      }),
    });
    const branding = brandingMessage(stored, { withData: true });
    return create(UpdateBrandingResponseSchema, { branding });
  };
}

const place = { collection: brandings, id: brandingId, resourceType: "branding", name: "branding" };

/** Throws BRANDING_INVALID for a logo that only dark pages would have. */
function checkLogos({ logo, logoDark }: StoredBranding): void {
  if (logoDark !== undefined && logo === undefined) {
    throw brandingInvalid("logo_dark", "needs a logo beside it, for light pages");
  }
}
