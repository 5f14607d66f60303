import type { DescMessage, DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { ContextValues, UnaryResponse } from "@connectrpc/connect";
import type { Deadline } from "./deadline.ts";

/** One call on its way to the server. A step that changes something hands on a call of its own. */
export interface Call<I extends DescMessage, O extends DescMessage> {
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageInitShape<I>;
  readonly header: Headers;
  readonly deadline: Deadline;
  readonly contextValues: ContextValues | undefined;
}

/** Sends a call and gives its answer; rejects with a ConnectError. */
export type Send = <I extends DescMessage, O extends DescMessage>(call: Call<I, O>) => Promise<UnaryResponse<I, O>>;

/** The same call with one header set to another value. */
export function withHeader<I extends DescMessage, O extends DescMessage>(
  call: Call<I, O>,
  name: string,
  value: string,
): Call<I, O> {
  const header = new Headers(call.header);
  header.set(name, value);
  return { ...call, header };
}
