import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";

/** What is told of each call once it is answered. Names and codes only, nothing of what was said. */
export interface AnsweredCall {
  /** `koder.session.v1.GrantService/RedeemCode` */
  readonly method: string;
  /** `ok`, or the name of the status code. */
  readonly code: string;
  readonly milliseconds: number;
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
        method: `${request.method.parent.typeName}/${request.method.name}`,
        code,
        milliseconds: performance.now() - began,
      });
    }
  };
}
