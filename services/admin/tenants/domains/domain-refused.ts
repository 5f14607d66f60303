import type { ConnectError } from "@connectrpc/connect";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import { adminFailure } from "../../admin-failure.ts";

/** The answer where another tenant has proven a domain, now or ever. */
export const domainTaken = (domain: string): ConnectError =>
  adminFailure(AdminErrorReason.TENANT_DOMAIN_TAKEN, `domain: ${domain} is or was another tenant's`, {
    violations: [{ field: "domain", description: "must be of no other tenant, past ones included" }],
  });

/** The answer where a tenant does not have a domain. */
export const domainNotFound = (domain: string): ConnectError =>
  adminFailure(AdminErrorReason.TENANT_DOMAIN_NOT_FOUND, `the tenant has no domain ${domain}`);
