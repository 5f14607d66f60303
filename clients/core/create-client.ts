import type { DescService } from "@bufbuild/protobuf";
import {
  createClient as createConnectClient,
  type CallOptions,
  type Client,
  type Transport,
} from "@connectrpc/connect";

type Watch = (request: object, options?: CallOptions) => AsyncIterable<unknown>;

/**
 * The typed client of one service: Connect's, but that a stream ends when the loop over it is left. Connect would keep it open
 * until its `signal` aborts.
 */
export function createClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  const client = createConnectClient(service, transport);
  const streams = service.methods.flatMap(({ localName, methodKind }) =>
    methodKind === "server_streaming" ? [[localName, endedByLeaving(Reflect.get(client, localName) as Watch)]] : [],
  );
  return Object.assign(client, Object.fromEntries(streams));
}

function endedByLeaving(watch: Watch): Watch {
  return (request, options = {}) => {
    const left = new AbortController();
    const signal = AbortSignal.any([left.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const items = watch(request, { ...options, signal })[Symbol.asyncIterator]();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => items.next(),
        return: async () => {
          left.abort();
          return { done: true, value: undefined };
        },
      }),
    };
  };
}
