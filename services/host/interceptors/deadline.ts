import type { Interceptor, StreamResponse, UnaryResponse } from "@connectrpc/connect";
import { whileGood } from "../streamed.ts";
import { arrivalOf, localTimeoutKey } from "./arrival.ts";
import { deadlinePassed, exceeded } from "./deadline-passed.ts";

/** What a call that asks for no deadline gets, and the most that one may ask for, in milliseconds; a stream has a day. */
export const deadlines = { usual: 15_000, longest: 60_000, stream: 86_400_000 } as const;

const units: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 0.001, n: 0.000_001 };

/**
 * Gives every call a deadline, and answers when it passes, whatever the handler does: local calls too, because the gateway's
 * own work runs through no interceptors, and would wait for ever.
 */
export function deadlineInterceptor(clock: () => number): Interceptor {
  return (next) => (request) => {
    const arrival = arrivalOf(request.contextValues);
    const local = request.contextValues.get(localTimeoutKey);
    const asked = local ?? timeoutOf(request.header);
    const left = request.stream
      ? Math.min(asked ?? deadlines.stream, deadlines.stream)
      : Math.min(asked ?? deadlines.usual, deadlines.longest);
    arrival.deadline = clock() + left;
    if (left <= 0) throw exceeded();
    return request.stream ? endedWithin(left, request.signal, next(request)) : answeredWithin(left, next(request));
  };
}

/** A stream ends with its deadline, whatever it waits for. */
async function endedWithin<Answer extends UnaryResponse | StreamResponse>(
  milliseconds: number,
  signal: AbortSignal,
  answer: Promise<Answer>,
): Promise<Answer> {
  const response = await answer;
  if (!response.stream) return response;
  const check = () => Promise.reject(exceeded());
  const message = whileGood(response.message, { check, every: milliseconds, signal });
  return { ...response, message: toldOfDeadline(message, signal) };
}

/**
 * What waits for the signal ends a stream as if all had been told, and a peer's as if its caller had gone. Where the deadline is
 * why, whoever listens hears of that.
 */
async function* toldOfDeadline<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  try {
    yield* items;
  } catch (error) {
    throw deadlinePassed(signal) ? exceeded() : error;
  }
  if (deadlinePassed(signal)) throw exceeded();
}

/** Node keeps a list of timers for each length: where a call has seconds, a tenth of one more is not worth a list of its own. */
const lengthOfTimer = (milliseconds: number): number =>
  milliseconds > 1_000 ? Math.ceil(milliseconds / 100) * 100 : milliseconds;

/** One promise and one timer: what every call pays, so no race and no async frame. */
function answeredWithin<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(exceeded()), lengthOfTimer(milliseconds));
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

/** `grpc-timeout` or `connect-timeout-ms`; undefined when neither is there in its form. */
function timeoutOf(header: Headers): number | undefined {
  const grpc = /^(\d{1,8})([HMSmun])$/.exec(header.get("grpc-timeout") ?? "");
  if (grpc !== null) return Number(grpc[1]) * (units[grpc[2] ?? ""] ?? 1);
  const connect = header.get("connect-timeout-ms");
  return connect !== null && /^\d{1,10}$/.test(connect) ? Number(connect) : undefined;
}
