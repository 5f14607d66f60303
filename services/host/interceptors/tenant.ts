import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../failure.ts";
import { internalHeaders } from "../internal-headers.ts";
import { arrivalOf } from "./arrival.ts";

/**
 * Notes which tenant the call asks for by `X-Koder-Tenant`. Whether it may is for the access interceptor, which knows the
 * credential; it is never passed over in silence, and where it is empty, somebody meant a tenant.
 */
export const tenantInterceptor: Interceptor = (next) => (request) => {
  const asked = request.header.get(internalHeaders.tenant);
  if (asked === "") {
    throw failure(
      ErrorReason.TENANT_HEADER_REFUSED,
      "X-Koder-Tenant must name a tenant by its slug or id, or be left out",
    );
  }
  if (asked !== null) arrivalOf(request.contextValues).askedTenant = asked;
  return next(request);
};
