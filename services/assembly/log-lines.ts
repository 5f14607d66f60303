import type { TlsFiles } from "../host/dual-secure.ts";
import { errorId } from "../host/error-id.ts";
import type { Fault } from "../host/interceptors/error-mapping.ts";
import type { AnsweredCall } from "../host/interceptors/telemetry.ts";
import { redact, type Log } from "../host/log.ts";
import type { Metrics } from "../host/metrics.ts";

/** Faults of ours at their level: what an operator must look at, and what happens on a busy day. */
export function faultLog(log: Log): (fault: Fault) => void {
  return ({ error, ...fault }) => {
    if (fault.reason === "INTERNAL") log.error({ ...fault, err: error }, "a fault of ours");
    else if (fault.reason === "UNAVAILABLE") log.warn({ ...fault, err: error }, "something was away");
    else log.debug({ ...fault, err: error }, "a call did not go through");
  };
}

/** Counts every call, and on a log that is detailed enough writes it down, with what is sensitive redacted. */
export function callLog(log: Log, metrics: Metrics): (answered: AnsweredCall) => void {
  return (answered) => {
    metrics.tell(answered);
    if (!log.isLevelEnabled("debug")) return;
    const { method, code, milliseconds, requestId, request } = answered;
    const shown = request === undefined ? {} : { request: redact(request.schema, request.message) };
    log.debug({ method, code, milliseconds: Math.round(milliseconds * 10) / 10, requestId, ...shown }, "call");
  };
}

/** What an operator must look at before the certificate that is shown meanwhile runs out. */
export const brokenCertificateLog =
  (log: Log): NonNullable<TlsFiles["onBroken"]> =>
  (broken) =>
    log.warn({ id: errorId("CERTIFICATE_UNUSABLE"), ...broken }, "a certificate cannot be used");
