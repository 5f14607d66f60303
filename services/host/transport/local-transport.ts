import {
  create,
  isMessage,
  type DescMessage,
  type DescMethod,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  createHandlerContext,
  createMethodImplSpec,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { invokeUnaryImplementation, transformInvokeImplementation } from "@connectrpc/connect/protocol";
import type { ServiceModule } from "../service-module.ts";
import { localTimeoutKey } from "../interceptors/arrival.ts";
import { deepFreeze } from "./deep-freeze.ts";

/** How a service is reached in its own process. */
export interface LocalTransportOptions {
  /** The same list that guards the service's ports. */
  readonly interceptors: readonly Interceptor[];
  /** Freezes what crosses, so that a test sees whoever changes a message that is not theirs. */
  readonly freeze?: boolean;
}

type Spec = ReturnType<typeof createMethodImplSpec>;

/**
 * A transport to a service of the same process: the same clients and the same interceptors, and no bytes. Messages cross as
 * they are, so nobody may change one that they were given. An error crosses as the ConnectError that it is.
 */
export function createLocalTransport(
  module: ServiceModule,
  { interceptors, freeze = false }: LocalTransportOptions,
): Transport {
  const specs = new Map<DescMethod, Spec>();
  for (const { service, methods } of module.implementations) {
    for (const method of service.methods) {
      const implement = methods[method.localName];
      if (typeof implement === "function") specs.set(method, createMethodImplSpec(method, implement as never));
    }
  }
  const chain = [...interceptors];
  const cross = <Value>(value: Value): Value => (freeze ? deepFreeze(value) : value);

  function begin(
    method: DescMethod,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
    header: HeadersInit | undefined,
  ) {
    const spec = specs.get(method);
    if (spec === undefined) {
      throw new ConnectError(`${method.parent.typeName}/${method.name} is not implemented`, Code.Unimplemented);
    }
    // The caller's context values are the caller's: nothing of them reaches the handler.
    const contextValues = createContextValues();
    if (timeoutMs !== undefined) contextValues.set(localTimeoutKey, timeoutMs);
    const context = createHandlerContext({
      service: method.parent,
      method,
      protocolName: "local",
      requestMethod: "POST",
      url: `local:///${method.parent.typeName}/${method.name}`,
      requestHeader: header ?? {},
      contextValues,
      ...(signal === undefined ? {} : { requestSignal: signal }),
    });
    return { spec, context };
  }

  return {
    async unary(method, signal, timeoutMs, header, input) {
      const { spec, context } = begin(method, signal, timeoutMs, header);
      try {
        const request = cross(normalized(method.input, input));
        const message = await invokeUnaryImplementation(spec as never, context, request as never, chain);
        return {
          stream: false,
          service: method.parent,
          method,
          header: context.responseHeader,
          trailer: context.responseTrailer,
          message: cross(message) as never,
        };
      } finally {
        context.abort();
      }
    },
    async stream(method, signal, timeoutMs, header, input) {
      const { spec, context } = begin(method, signal, timeoutMs, header);
      async function* requests() {
        for await (const message of input) yield cross(normalized(method.input, message));
      }
      const message = transformInvokeImplementation(spec as never, context, chain)(requests() as never);
      return {
        stream: true,
        service: method.parent,
        method,
        header: context.responseHeader,
        trailer: context.responseTrailer,
        message: message as never,
      };
    },
  };
}

function normalized<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): MessageShape<Desc> {
  return isMessage(message, schema) ? message : create(schema, message);
}
