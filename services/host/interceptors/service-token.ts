import type { Interceptor } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { ServiceIdentity } from "../../vault/service-token.ts";
import { failure } from "../failure.ts";
import { internalHeaders } from "../internal-headers.ts";
import { methodPath } from "../method-path.ts";
import { arrivalOf } from "./arrival.ts";

/** Says which service a token proves, for a method; undefined when it proves none. */
export type ServiceTokenVerifier = (token: string, method: string) => ServiceIdentity | undefined;

/** Verifies the service token of a call that has one. A bad one ends the call; none at all is no service's call. */
export function serviceTokenInterceptor(verify: ServiceTokenVerifier): Interceptor {
  return (next) => (request) => {
    const token = request.header.get(internalHeaders.serviceToken);
    if (token !== null) {
      const identity = verify(token, methodPath(request.method));
      if (identity === undefined) {
        throw failure(ErrorReason.SERVICE_TOKEN_INVALID, "the service token is not good for this call");
      }
      arrivalOf(request.contextValues).service = identity;
    }
    return next(request);
  };
}
