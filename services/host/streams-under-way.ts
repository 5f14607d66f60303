import type { FastifyReply, FastifyRequest } from "fastify";

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** How long streams under way may go on once the port closes, and how long their end may take to be read, in milliseconds. */
const [shutdownTimeout, readTimeout] = [1_000, 1_000];

/** The streams of answers that a port has under way. */
export interface StreamsUnderWay {
  /** Given when they are to end. */
  readonly signal: AbortSignal;
  /** A handler whose answers are among them. */
  follow(handler: Handler): Handler;
  /** Ends them in a moment. Whoever does not read theirs would hold up the stop: what writes to them waits for them for ever. */
  endSoon(): void;
}

/** None yet. */
export function createStreamsUnderWay(): StreamsUnderWay {
  const closing = new AbortController();
  const answers = new Set<FastifyReply["raw"]>();

  function end(): void {
    closing.abort();
    setTimeout(() => {
      for (const answer of answers) answer.destroy();
    }, readTimeout).unref();
  }

  return {
    signal: closing.signal,
    follow: (handler) => (request, reply) => {
      answers.add(reply.raw);
      reply.raw.once("close", () => answers.delete(reply.raw));
      return handler(request, reply);
    },
    endSoon: () => void setTimeout(end, shutdownTimeout).unref(),
  };
}
