import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Form } from "../oidc/form.ts";
import type { ShowError } from "./error-page.ts";
import { longest } from "./longest-inputs.ts";
import { answering, mountPageForm, parsedQuery } from "./page-form.ts";

/** A page with a form, on the way of an authorization that waits for its person. */
export interface FormPage {
  readonly path: string;
  /** Shows the page for the authorization with this id. */
  readonly show: (request: FastifyRequest, reply: FastifyReply, authorizationId: string) => Promise<FastifyReply>;
  /** Takes its form, which has the id in `authorization`. */
  readonly submit: (request: FastifyRequest, reply: FastifyReply, form: Form) => Promise<FastifyReply>;
}

/** Adds a page. Who comes to it without an authorization is told to start from an application. */
export function mountFormPage(app: FastifyInstance, showError: ShowError, { path, show, submit }: FormPage): void {
  app.get(path, async (request, reply) => {
    const id = parsedQuery(request)?.get("authorization") ?? "";
    if (id === "") return showError(request, reply, { status: 400, reason: "START_ELSEWHERE" });
    return answering(showError, request, reply, () => show(request, reply, authorizationIdOf(id)));
  });
  mountPageForm(app, path, showError, submit);
}

/** An id of an authorization as it was sent, as far as a call may carry it: what is no id is nobody's. */
export const authorizationIdOf = (sent: string): string => sent.slice(0, longest.secret) || "none";
