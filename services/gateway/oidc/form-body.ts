import type { FastifyInstance } from "fastify";
import { MalformedForm, parseForm, type Form } from "./form.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The largest form that is read, in bytes. */
export const largestForm = 65_536;

/** What was sent as a body: a form, or why it is none. */
export type FormBody = Form | MalformedForm;

/** Makes an application read form bodies, and nothing else. A broken one is left to the endpoint, which has its own words. */
export function readFormsOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>(
    "application/x-www-form-urlencoded",
    { parseAs: "buffer", bodyLimit: largestForm },
    (_request, body, done) => done(null, readForm(body)),
  );
}

function readForm(body: Buffer): FormBody {
  try {
    return parseForm(utf8.decode(body));
  } catch (error) {
    return error instanceof MalformedForm ? error : new MalformedForm("the body is not UTF-8");
  }
}
