import {
  clone,
  create,
  isMessage,
  ScalarType,
  type DescField,
  type DescMessage,
  type DescMethod,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import type { Call, Send } from "./call.ts";

/**
 * Gives every create a request id, unless the caller chose one. To a repeat with the same id the server answers the first
 * result, which is what makes a create safe to send again. The caller's message is not changed.
 */
export function addRequestId(next: Send): Send {
  return (call) => {
    const field = requestIdField(call.method);
    return field === undefined || hasRequestId(call)
      ? next(call)
      : next({ ...call, message: withRequestId(call, field) });
  };
}

/** Whether a message carries a request id. */
export function hasRequestId<I extends DescMessage, O extends DescMessage>({ method, message }: Call<I, O>): boolean {
  const field = requestIdField(method);
  const value: unknown = field === undefined ? undefined : Reflect.get(message, field.localName);
  return typeof value === "string" && value !== "";
}

function withRequestId<I extends DescMessage, O extends DescMessage>(
  { method, message }: Call<I, O>,
  field: DescField,
): Call<I, O>["message"] {
  const own = isMessage(message, method.input) ? clone(method.input, message) : create(method.input, message);
  Reflect.set(own, field.localName, randomUuid());
  return own;
}

/** The field of a create that its repeats have in common. A read that has one of that name looks for something by it. */
function requestIdField({ input, idempotency }: DescMethod): DescField | undefined {
  if (idempotency === Idempotency.NO_SIDE_EFFECTS) return undefined;
  return input.fields.find(
    (field) => field.name === "request_id" && field.fieldKind === "scalar" && field.scalar === ScalarType.STRING,
  );
}

/** A random UUID (RFC 9562 §5.4). `crypto.randomUUID` is missing on pages that came over http from another machine. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
