import type { DescMessage } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import type { Call, Send } from "./call.ts";
import { hasRequestId } from "./request-id.ts";
import { repeat, type RetryPolicy } from "./retry-policy.ts";

/** Repeats what is safe to repeat: reads, and creates with a request id. Everything else is sent once. */
export function retry(policy: RetryPolicy): (next: Send) => Send {
  return (next) => (call) => (repeatable(call) ? repeat(policy, call.deadline, () => next(call)) : next(call));
}

/** Whether sending a call twice does no more than sending it once. */
function repeatable<I extends DescMessage, O extends DescMessage>(call: Call<I, O>): boolean {
  const { idempotency } = call.method;
  return idempotency === Idempotency.NO_SIDE_EFFECTS || idempotency === Idempotency.IDEMPOTENT || hasRequestId(call);
}
