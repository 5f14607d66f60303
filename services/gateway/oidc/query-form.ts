import type { FastifyRequest } from "fastify";
import { queryOf } from "../../host/request-parts.ts";
import { MalformedForm, parseForm, type Form } from "./form.ts";

/** The parameters in a request's URL: a form, or why they are none. */
export function queryForm(request: Pick<FastifyRequest, "url">): Form | MalformedForm {
  try {
    return parseForm(queryOf(request));
  } catch (error) {
    if (error instanceof MalformedForm) return error;
    throw error;
  }
}
