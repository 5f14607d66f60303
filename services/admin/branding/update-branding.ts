import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Branding as StoredBranding } from "#gen/koder/admin/store/v1/branding_pb.ts";
import {
  UpdateBrandingResponseSchema,
  type UpdateBrandingRequest,
  type UpdateBrandingResponse,
} from "#gen/koder/admin/v1/branding_service_pb.ts";
import { SignInPolicyService } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { changeTenantRecord } from "../../host/tenant-record.ts";
import { brandings, brandingId } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { brandingChange } from "./branding-change.ts";
import { brandingInvalid } from "./branding-invalid.ts";
import { brandingMessage } from "./branding-message.ts";

/** Changes the fields of the tenant's branding that the mask names, all or none. */
export function updateBranding(needs: Pick<AdminDependencies, "store" | "clock" | "peers">) {
  return async (request: UpdateBrandingRequest, context: HandlerContext): Promise<UpdateBrandingResponse> => {
    const call = callOf(context);
    const stored = await changeTenantRecord(needs, call, place, {
      asked: request.branding,
      mask: request.updateMask,
      change: brandingChange,
      async check(record, paths) {
        checkLogos(record);
        if (paths.includes("terms_uri")) await checkTermsCanBeRead(needs, call, record);
      },
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

/** Throws BRANDING_INVALID where the terms would have no address, and the policy has everybody accept them. */
async function checkTermsCanBeRead(
  { peers }: Pick<AdminDependencies, "peers">,
  call: Call,
  { termsUri }: StoredBranding,
): Promise<void> {
  if (termsUri !== "") return;
  const { termsVersion } = await peers.client(SignInPolicyService).getAskedTermsVersion({}, forward(call));
  if (termsVersion === "") return;
  throw brandingInvalid("terms_uri", "must be there as long as terms_version of the authentication policy is set");
}
