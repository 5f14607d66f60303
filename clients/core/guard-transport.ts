import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { authorize } from "./authorization.ts";
import { withHeader, type Send } from "./call.ts";
import { underDeadline } from "./deadline.ts";
import type { Settings } from "./options.ts";
import { addRequestId } from "./request-id.ts";
import { retry } from "./retry.ts";

/**
 * Makes of a transport, which only knows how bytes travel, one that takes care of deadline, request id, tenant, credential and
 * retries. The deadline covers the token and every attempt; each attempt of a create carries the same request id; the token is
 * there before the first attempt, and is renewed at most once.
 */
export function guardTransport(wire: Transport, settings: Omit<Settings, "origin">): Transport {
  const attempt: Send = ({ method, message, header, deadline, contextValues }) =>
    wire.unary(method, deadline.signal, deadline.left(), header, message, contextValues);
  const send = addRequestId(
    selectTenant(settings.tenant)(authorize(settings.source)(retry(settings.retries)(attempt))),
  );
  return {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      underDeadline({ signal, timeoutMs: timeoutMs ?? settings.timeoutMs }, (deadline) =>
        send({ method, message, header: new Headers(header), deadline, contextValues }),
      ),
    // The contract has none, which a test makes sure of: one would go without credential, deadline and retries.
    stream: (method) =>
      Promise.reject(
        new ConnectError(`${method.name} is a stream, which this client does not know`, Code.Unimplemented),
      ),
  };
}

function selectTenant(tenant: string | undefined): (next: Send) => Send {
  return (next) => (tenant === undefined ? next : (call) => next(withHeader(call, "x-koder-tenant", tenant)));
}
