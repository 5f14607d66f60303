import type { Interceptor } from "@connectrpc/connect";
import { ulid } from "../../vault/random.ts";
import { internalHeaders } from "../internal-headers.ts";
import { arrivalKey } from "./arrival.ts";

const ulidForm = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Gives every call its id: the one that it came with, if it has the form, or a new one. */
export function requestIdInterceptor(clock: () => number): Interceptor {
  return (next) => (request) => {
    const sent = request.header.get(internalHeaders.requestId);
    request.contextValues.set(arrivalKey, {
      requestId: sent !== null && ulidForm.test(sent) ? sent : ulid(clock()),
      deadline: 0,
      askedTenant: undefined,
      service: undefined,
    });
    return next(request);
  };
}
