import type { ResumeAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import type { OAuthErrorCode } from "../../oauth-error.ts";
import type { AuthorizationState } from "../authorization-request.ts";

/** What an authorization comes to: an answer to the client, or an interaction with the person. */
export type NextStep = Exclude<ResumeAuthorizationResponse["next"], { case: undefined | "confirmDevice" }>;

/**
 * Something that a person may have to do before the client gets its answer. It is needed until it was done for this request,
 * and decides that anew each time the request goes on: nothing is remembered of it but what it has changed.
 */
export interface Interaction {
  /** The page that it leads to, as a member of `next`. */
  readonly next: Exclude<NextStep["case"], "redirect">;
  /** What the client is told where it is needed and `prompt=none` forbids it; undefined where it is not needed. */
  readonly need: (
    dependencies: OauthDependencies,
    state: AuthorizationState,
  ) => Refusal | undefined | Promise<Refusal | undefined>;
}

/**
 * What `prompt=none` answers in the stead of a page (OpenID Connect Core §3.1.2.6): the code that names what is missing, and
 * `interaction_required` where none does.
 */
export interface Refusal {
  readonly code: OAuthErrorCode;
  readonly description: string;
}
