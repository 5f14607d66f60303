import type { DescMethod } from "@bufbuild/protobuf";
import { createContextValues, type ContextValues, type Transport } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import type { ServiceCallBinding } from "../../vault/service-token.ts";
import { outboundKey, writeActor, type Outbound, type ServiceName } from "../call.ts";
import { failure } from "../failure.ts";
import { internalHeaders } from "../internal-headers.ts";
import { methodPath } from "../method-path.ts";

/**
 * A transport as one service uses it to reach another: each call carries the caller's service token for callee, method and
 * tenant, the request id, who is behind it, and the time that is left. A call without `forward(call)` does not leave.
 */
export function createPeerTransport({
  transport,
  audience,
  serviceToken,
  clock,
}: {
  readonly transport: Transport;
  readonly audience: ServiceName;
  readonly serviceToken: (binding: ServiceCallBinding) => string;
  readonly clock: () => number;
}): Transport {
  function prepare(method: DescMethod, values: ContextValues | undefined) {
    const outbound = values?.get(outboundKey);
    if (outbound === undefined) {
      throw new Error(`${methodPath(method)} was called without forward(call)`);
    }
    const left = outbound.deadline - clock();
    if (left <= 0) throw failure(ErrorReason.DEADLINE_EXCEEDED, "the deadline passed before the call was made");
    const token = serviceToken({
      audience,
      method: methodPath(method),
      tenantId: outbound.tenantId,
    });
    return { header: headerOf(outbound, token), left };
  }
  return {
    unary(method, signal, timeoutMs, _header, input, contextValues) {
      const { header, left } = prepare(method, contextValues);
      return transport.unary(method, signal, Math.min(left, timeoutMs ?? left), header, input, createContextValues());
    },
    stream(method, signal, timeoutMs, _header, input, contextValues) {
      const { header, left } = prepare(method, contextValues);
      return transport.stream(method, signal, Math.min(left, timeoutMs ?? left), header, input, createContextValues());
    },
  };
}

function headerOf(
  { requestId, actor, clientAddress, authorization, dpop, tenantHeader }: Outbound,
  token: string,
): Record<string, string> {
  const header: Record<string, string> = {
    [internalHeaders.serviceToken]: token,
    [internalHeaders.requestId]: requestId,
    [internalHeaders.actor]: writeActor(actor),
  };
  if (clientAddress !== undefined && clientAddress !== "") header[internalHeaders.clientAddress] = clientAddress;
  if (authorization !== undefined) header["authorization"] = authorization;
  if (dpop !== undefined) {
    header["dpop"] = dpop.proof;
    header[internalHeaders.target] = dpop.target;
  }
  if (tenantHeader !== undefined) header[internalHeaders.tenant] = tenantHeader;
  return header;
}
