import { ConnectionLost, clientRequest, type ClientAnswer, type ClientRequest, type Place } from "./client-request.ts";

/** What requests of one kind came to. */
export interface Count {
  sent: number;
  succeeded: number;
  /** 503 with Retry-After. */
  unavailable: number;
  connectionErrors: number;
}

/** What a client makes of a request: its answer, or nothing when it was told to come back or the connection was lost. */
export type Outcome = ClientAnswer | undefined;

/** Counts what clients see. */
export interface Tally {
  readonly counts: ReadonlyMap<string, Count>;
  /** Answers that nobody should get: what was asked, and what was answered. */
  readonly surprises: readonly string[];
  /** The longest time without a success while clients were asking, in milliseconds. */
  longestOutage(): number;
  /** Sends a request, and counts it. `isSuccess` says whether an answer is what was asked for. */
  send(kind: string, asked: ClientRequest, isSuccess: (answer: ClientAnswer) => boolean): Promise<Outcome>;
  /** Counts something that clients may do by the rules, by its name. */
  note(event: string): void;
  readonly notes: ReadonlyMap<string, number>;
  surprise(what: string): void;
}

/** A tally of requests to a place. */
export function createTally(place: Place): Tally {
  const counts = new Map<string, Count>();
  const notes = new Map<string, number>();
  const surprises: string[] = [];
  let latestSuccess = performance.now();
  let longest = 0;
  const surprise = (what: string): void => void surprises.push(what);

  function countOf(kind: string): Count {
    const known = counts.get(kind) ?? { sent: 0, succeeded: 0, unavailable: 0, connectionErrors: 0 };
    counts.set(kind, known);
    return known;
  }
  return {
    counts,
    notes,
    surprises,
    surprise,
    longestOutage: () => longest,
    note: (event) => void notes.set(event, (notes.get(event) ?? 0) + 1),
    async send(kind, asked, isSuccess) {
      const count = countOf(kind);
      count.sent += 1;
      let answer: ClientAnswer;
      try {
        answer = await clientRequest(place, asked);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) {
          surprise(`${kind}: ${String(error)}`);
          return undefined;
        }
        count.connectionErrors += 1;
        return undefined;
      }
      if (answer.status === 503 && answer.headers.has("retry-after")) {
        count.unavailable += 1;
        return undefined;
      }
      if (isSuccess(answer)) {
        count.succeeded += 1;
        const now = performance.now();
        longest = Math.max(longest, now - latestSuccess);
        latestSuccess = now;
      }
      return answer;
    },
  };
}
