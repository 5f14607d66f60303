import type { DescMessage, Message } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { methodPath } from "../method-path.ts";
import { arrivalKey } from "./arrival.ts";

/** What is told of each call once it is answered. */
export interface AnsweredCall {
  /** `koder.session.v1.GrantService/RedeemCode` */
  readonly method: string;
  /** `ok`, or the name of the status code. */
  readonly code: string;
  readonly milliseconds: number;
  readonly requestId: string;
  /** The request, for a log that redacts it; undefined for a stream. Not for metrics. */
  readonly request: { readonly schema: DescMessage; readonly message: Message } | undefined;
}

/** Tells of every call, how it went and how long it took. */
export function telemetryInterceptor(tell: (answered: AnsweredCall) => void): Interceptor {
  return (next) => async (request) => {
    const began = performance.now();
    let code = "ok";
    try {
      return await next(request);
    } catch (error) {
      code = error instanceof ConnectError ? (Code[error.code] ?? "Unknown") : "Internal";
      throw error;
    } finally {
      tell({
        method: methodPath(request.method),
        code,
        milliseconds: performance.now() - began,
        requestId: request.contextValues.get(arrivalKey)?.requestId ?? "",
        request: request.stream ? undefined : { schema: request.method.input, message: request.message },
      });
    }
  };
}
