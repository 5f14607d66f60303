import { ServerResponse, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";

/**
 * The answers of a port by HTTP/1.1. Once it closes they say that their connection ends, also those to requests that were under way
 * by then: a client that was not told would send its next request there, which nobody answers.
 */
export function lastAnswers(isClosing: () => boolean): typeof ServerResponse {
  return class<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
    override writeHead(...told: [status: number, ...rest: unknown[]]): this {
      if (isClosing()) this.setHeader("connection", "close");
      return super.writeHead(...(told as [number, OutgoingHttpHeaders?]));
    }
  };
}
