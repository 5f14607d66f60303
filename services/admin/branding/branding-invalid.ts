import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { adminFailure } from "../admin-failure.ts";

/** BRANDING_INVALID, of one field of a branding. */
export const brandingInvalid = (path: string, description: string) =>
  adminFailure(AdminErrorReason.BRANDING_INVALID, `${path}: ${description}`, {
    violations: [{ field: `branding.${path}`, description }],
  });
