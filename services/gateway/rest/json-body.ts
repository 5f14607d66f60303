import type { FastifyInstance } from "fastify";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { failure } from "../../host/failure.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Makes an application read JSON bodies and nothing else; what is not JSON in UTF-8 is refused with a sentence. */
export function readJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(utf8.decode(body)));
    } catch {
      done(failure(ErrorReason.INVALID_REQUEST, "the body is not JSON in UTF-8"));
    }
  });
}
