import { createContextValues, type HandlerContext } from "@connectrpc/connect";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import { callKey, type Call } from "../call.ts";

/** A call of the tenant `t1` by the oauth service, with whatever a test wants otherwise. */
export function testCall(overrides: Partial<Call> = {}): Call {
  return {
    requestId: "01JZZZZZZZZZZZZZZZZZZZZZZZ",
    tenantId: "t1",
    caller: { kind: "service", service: "oauth" },
    actor: { id: "oauth", type: ActorType.SERVICE },
    clientAddress: "192.0.2.1",
    signal: new AbortController().signal,
    deadline: Number.MAX_SAFE_INTEGER,
    ...overrides,
  };
}

/** What a handler is given by the interceptors, for tests that call it without them. */
export function handlerContext(overrides: Partial<Call> = {}): HandlerContext {
  return { values: createContextValues().set(callKey, testCall(overrides)) } as HandlerContext;
}
