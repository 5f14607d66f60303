import { createContextKey } from "@connectrpc/connect";
import type { ServiceIdentity } from "../../vault/service-token.ts";

/** What the interceptors find out about a call, one after the other, until it is a `Call`. */
export interface Arrival {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  deadline: number;
  /** `X-Koder-Tenant`, if it was sent. */
  askedTenant: string | undefined;
  /** The service that calls, once its token was verified. */
  service: ServiceIdentity | undefined;
}

/** Where the interceptors keep it. */
export const arrivalKey = createContextKey<Arrival | undefined>(undefined, { description: "koder arrival" });

/** Time left for a call that came over the local transport, in milliseconds. */
export const localTimeoutKey = createContextKey<number | undefined>(undefined, { description: "koder time-out" });

/** The arrival of a call, which the request id interceptor has begun. */
export function arrivalOf(values: { get(key: typeof arrivalKey): Arrival | undefined }): Arrival {
  const arrival = values.get(arrivalKey);
  if (arrival === undefined) throw new Error("the interceptors are not in their order");
  return arrival;
}
