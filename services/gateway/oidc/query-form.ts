import type { FastifyRequest } from "fastify";
import { MalformedForm, parseForm, type Form } from "./form.ts";

/** The parameters in a request's URL: a form, or why they are none. */
export function queryForm({ url }: Pick<FastifyRequest, "url">): Form | MalformedForm {
  const [, query = ""] = url.split(/\?(.*)/s);
  try {
    return parseForm(query);
  } catch (error) {
    if (error instanceof MalformedForm) return error;
    throw error;
  }
}
