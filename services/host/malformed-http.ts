import type { Duplex } from "node:stream";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { errorAnswer } from "./error-answer.ts";
import { failure } from "./failure.ts";

/** Answers what is not HTTP, or too much of it, and closes the connection: nothing on it can be trusted any more. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, line, message] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? [431, "Request Header Fields Too Large", "the headers are larger than the server reads"]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? [408, "Request Timeout", "the request did not arrive in time"]
        : [400, "Bad Request", "the request is not HTTP/1.1"];
  const { body } = errorAnswer(failure(ErrorReason.INVALID_REQUEST, message));
  socket.end(
    `HTTP/1.1 ${status} ${line}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
