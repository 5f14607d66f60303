import type { AuthorizationRedirect } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { OAuthError } from "#gen/koder/oauth/v1/error_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { answerWithError, type AnswerAddress } from "./answer-with-error.ts";

/** Where a refusal goes. */
export type Refused =
  | { readonly case: "redirect"; readonly value: AuthorizationRedirect }
  | { readonly case: "errorPage"; readonly value: OAuthError };

/**
 * Runs the steps of the endpoint. They tell as soon as client and redirect URI are proven good, and where an answer goes
 * then: until there a refusal is shown on a page of ours, from there on it goes to the client (RFC 6749 §4.1.2.1).
 */
export async function answerRefusal<Next>(
  dependencies: Pick<OauthDependencies, "tenants">,
  call: Call,
  steps: (proven: (address: AnswerAddress) => void) => Promise<Next>,
): Promise<Next | Refused> {
  let address: AnswerAddress | undefined;
  try {
    return await steps((known) => void (address = known));
  } catch (error) {
    if (!(error instanceof OAuthRefusal)) throw error;
    if (address === undefined) return { case: "errorPage", value: error.toMessage() };
    return { case: "redirect", value: await answerWithError(dependencies, call, address, error) };
  }
}
