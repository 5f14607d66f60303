import type { Interceptor } from "@connectrpc/connect";
import { internalHeaders } from "../internal-headers.ts";
import { arrivalOf } from "./arrival.ts";

/**
 * Notes which tenant the call asks for by `X-Koder-Tenant`. Whether it may is for the access interceptor, which knows the
 * credential; it is never passed over in silence (design §4).
 */
export const tenantInterceptor: Interceptor = (next) => (request) => {
  const asked = request.header.get(internalHeaders.tenant);
  if (asked !== null) arrivalOf(request.contextValues).askedTenant = asked;
  return next(request);
};
