import {
  create,
  isMessage,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextValues,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import { localTimeoutKey } from "../interceptors/arrival.ts";
import type { ServiceModule } from "../service-module.ts";
import { deepFreeze } from "./deep-freeze.ts";
import { LocalHeaders } from "./local-headers.ts";

/** How a service is reached in its own process. */
export interface LocalTransportOptions {
  /** The same list that guards the service's ports. */
  readonly interceptors: readonly Interceptor[];
  /** Freezes what crosses, so that a test sees whoever changes a message that is not theirs. */
  readonly freeze?: boolean;
}

type Handler = (request: Message, context: HandlerContext) => unknown;
type Invoke = (request: UnaryRequest) => Promise<UnaryResponse>;
type InvokeStream = (request: StreamRequest) => Promise<StreamResponse>;

/** What a handler that set no header answers with. */
const none = new LocalHeaders();

/** A signal that is never given: for calls that nobody can cancel. */
const never = new AbortController().signal;

/**
 * A transport to a service of the same process: the same clients and the same interceptors, and no bytes. Messages cross as
 * they are, so nobody may change one that they were given. An error crosses as the ConnectError that it is. A call has one
 * request; its answers may be a stream.
 */
export function createLocalTransport(
  module: ServiceModule,
  { interceptors, freeze = false }: LocalTransportOptions,
): Transport {
  const cross = <Value>(value: Value): Value => (freeze ? deepFreeze(value) : value);
  // Composed once for each method, not at each call.
  const invocations = new Map<DescMethod, Invoke>();
  const streams = new Map<DescMethod, InvokeStream>();
  for (const { service, methods } of module.implementations) {
    for (const method of service.methods) {
      const handler = methods[method.localName];
      if (typeof handler !== "function") continue;
      const bound = handler.bind(methods) as Handler;
      if (isUnary(method)) {
        const all = interceptors.reduceRight<Invoke>(
          (next, one) => one(next as never) as Invoke,
          invocation(method, bound),
        );
        invocations.set(method, all);
      } else if (isServerStreaming(method)) {
        const innermost = streamInvocation(method, bound);
        streams.set(
          method,
          interceptors.reduceRight<InvokeStream>((next, one) => one(next as never) as InvokeStream, innermost),
        );
      }
    }
  }

  return {
    async unary(method, signal, timeoutMs, header, input) {
      const invoke = invocations.get(method);
      if (invoke === undefined) throw unimplemented(method);
      const message = cross(normalized(method.input, input)) as Message;
      const response = await invoke({ stream: false, method, message, ...callTo(method, signal, timeoutMs, header) });
      const { service, header: headers, trailer } = response;
      return { stream: false, service, method, header: headers, trailer, message: cross(response.message) as never };
    },
    async stream(method, signal, timeoutMs, header, input) {
      const invoke = streams.get(method);
      if (invoke === undefined) throw unimplemented(method);
      const response = await invoke({
        stream: true,
        method,
        ...callTo(method, signal, timeoutMs, header),
        message: crossing(method.input, input, cross),
      });
      return { ...response, method, message: crossing(method.output, response.message, cross) as never };
    },
  };
}

/** What a request to a method is, beside its message. The caller's context values are the caller's: nothing of them reaches the handler. */
function callTo(
  method: DescMethod,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
  header: HeadersInit | undefined,
) {
  const contextValues = createContextValues();
  if (timeoutMs !== undefined) contextValues.set(localTimeoutKey, timeoutMs);
  return {
    service: method.parent,
    requestMethod: "POST",
    url: `local:///${method.parent.typeName}/${method.name}`,
    signal: signal ?? never,
    header: new LocalHeaders(header),
    contextValues,
  };
}

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === "unary";

const isServerStreaming = (method: DescMethod): method is DescMethodServerStreaming =>
  method.methodKind === "server_streaming";

const unimplemented = (method: DescMethod) =>
  new ConnectError(`${method.parent.typeName}/${method.name} is not implemented`, Code.Unimplemented);

/** Calls a handler with the context that it would have been given on a port. */
function invocation(method: DescMethodUnary, handler: Handler): Invoke {
  return async (request) => {
    const context = new LocalContext(method, request);
    const message = normalized(method.output, (await handler(request.message, context)) as Message);
    const { header, trailer } = context.answered();
    return { stream: false, service: method.parent, method, header, trailer, message };
  };
}

/** The same for a handler whose answers are a stream. */
function streamInvocation(method: DescMethodServerStreaming, handler: Handler): InvokeStream {
  return async (request) => {
    const context = new LocalContext(method, request);
    const [message] = await Array.fromAsync(request.message);
    if (message === undefined) throw new ConnectError(`${method.name}: there is no request`, Code.InvalidArgument);
    const answers = handler(message, context) as AsyncIterable<Message>;
    return { stream: true, service: method.parent, method, ...context.answered(), message: answers };
  };
}

/** What a handler knows of its call. A class, because one is made for every call, and its accessors for all of them. */
class LocalContext implements HandlerContext {
  readonly service: HandlerContext["service"];
  readonly method: DescMethod;
  readonly protocolName = "local";
  readonly requestMethod: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly values: HandlerContext["values"];
  readonly requestHeader: Headers;
  #header: Headers | undefined;
  #trailer: Headers | undefined;

  constructor(method: DescMethod, request: UnaryRequest | StreamRequest) {
    this.service = method.parent;
    this.method = method;
    this.requestMethod = request.requestMethod;
    this.url = request.url;
    this.signal = request.signal;
    this.values = request.contextValues;
    this.requestHeader = request.header;
  }
  // Both are made when a handler asks for them, which is seldom.
  get responseHeader(): Headers {
    return (this.#header ??= new LocalHeaders());
  }
  get responseTrailer(): Headers {
    return (this.#trailer ??= new LocalHeaders());
  }
  timeoutMs(): number | undefined {
    return this.values.get(localTimeoutKey);
  }
  answered(): { readonly header: Headers; readonly trailer: Headers } {
    return { header: this.#header ?? none, trailer: this.#trailer ?? none };
  }
}

/** Messages of a stream as they cross, each as a whole one. */
async function* crossing<Desc extends DescMessage>(
  schema: Desc,
  messages: AsyncIterable<unknown>,
  cross: <Value>(value: Value) => Value,
): AsyncGenerator<MessageShape<Desc>> {
  for await (const message of messages) yield cross(normalized(schema, message as MessageInitShape<Desc>));
}

function normalized<Desc extends DescMessage>(schema: Desc, message: MessageInitShape<Desc>): MessageShape<Desc> {
  return isMessage(message, schema) ? message : create(schema, message);
}
