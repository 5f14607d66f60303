import type { ConnectError } from "@connectrpc/connect";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { adminFailure } from "../admin-failure.ts";

/** The answer to a host or id that no tenant has. */
export const tenantUnknown = (what: string): ConnectError =>
  adminFailure(AdminErrorReason.TENANT_UNKNOWN, `no tenant answers to ${what}`);
