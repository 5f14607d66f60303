import type { Transport } from "@connectrpc/connect";
import { authorize, forgetRefused, tokenOf } from "./authorization.ts";
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
    // What comes of a stream may last: it has the deadline that the caller gives it, or none, and is not tried again, because
    // only the caller knows where to go on.
    stream: async (method, signal, timeoutMs, header, input, contextValues) => {
      const sent = new Headers(header);
      if (settings.tenant !== undefined) sent.set("x-koder-tenant", settings.tenant);
      const open = () => wire.stream(method, signal, timeoutMs, sent, input, contextValues);
      if (settings.source === undefined || sent.has("authorization")) return open();
      const token = await tokenOf(settings.source, signal ?? new AbortController().signal);
      sent.set("authorization", `Bearer ${token}`);
      return forgetRefused(settings.source, token, open);
    },
  };
}

function selectTenant(tenant: string | undefined): (next: Send) => Send {
  return (next) => (tenant === undefined ? next : (call) => next(withHeader(call, "x-koder-tenant", tenant)));
}
