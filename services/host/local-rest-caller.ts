import type { DescMethodUnary, Message } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import type { FastifyRequest } from "fastify";
import { internalHeaders } from "./internal-headers.ts";
import { headerOf } from "./request-parts.ts";

/**
 * Calls a unary method of a service's own transport for an HTTP request on its port: with the caller's credential and tenant
 * header, and no service token, whatever the request has.
 */
export function localRestCaller(transport: Transport) {
  return async (method: DescMethodUnary, request: FastifyRequest, message: Message): Promise<Message> => {
    const header: Record<string, string> = {};
    for (const name of ["authorization", internalHeaders.tenant, internalHeaders.bootstrapToken]) {
      const value = headerOf(request, name);
      if (value !== undefined) header[name] = value;
    }
    const response = await transport.unary(method, undefined, undefined, header, message);
    return response.message;
  };
}
