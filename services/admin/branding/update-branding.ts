import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { BrandingSchema, type Branding as StoredBranding } from "#gen/koder/admin/store/v1/branding_pb.ts";
import {
  UpdateBrandingResponseSchema,
  type UpdateBrandingRequest,
  type UpdateBrandingResponse,
} from "#gen/koder/admin/v1/branding_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { readUpdate } from "../../host/read-update.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { insert, replace } from "../../store/writes.ts";
import { brandings, brandingId } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { brandingChange } from "./branding-change.ts";
import { brandingInvalid } from "./branding-invalid.ts";
import { brandingEtag, brandingMessage } from "./branding-message.ts";

/** Changes the fields of the tenant's branding that the mask names, all or none. */
export function updateBranding({ store, clock }: Pick<AdminDependencies, "store" | "clock">) {
  return async (request: UpdateBrandingRequest, context: HandlerContext): Promise<UpdateBrandingResponse> => {
    const call = callOf(context);
    const { asked, paths } = readUpdate(request.branding, request.updateMask);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(brandings, brandingId);
    const mismatch = () =>
      failure(ErrorReason.ETAG_MISMATCH, "etag: the branding was changed meanwhile; read it again");
    if (asked.etag !== "" && asked.etag !== brandingEtag(stored)) throw mismatch();
    const now = clock();
    const record: StoredBranding = Object.assign(
      stored?.record ?? create(BrandingSchema, { id: brandingId }),
      ...paths.map((path) => brandingChange(path, asked)),
      { updateTime: timestampFromMs(now) },
    );
    if (record.logoDark !== undefined && record.logo === undefined) {
      throw brandingInvalid("logo_dark", "needs a logo beside it, for light pages");
    }
    const version = (stored?.version ?? 0) + 1;
    const updated = eventOf(
      call,
      now,
      { type: "branding", id: brandingId, version },
      { case: "brandingUpdated", value: { $typeName: "koder.events.v1.BrandingUpdated", paths } },
    );
    const write = stored === undefined ? insert(brandings, record) : replace(brandings, record, stored.version);
    if (!(await commitUnlessChanged(data, [write], [updated]))) throw mismatch();
    const branding = brandingMessage({ record, version }, { withData: true });
    return create(UpdateBrandingResponseSchema, { branding });
  };
}
