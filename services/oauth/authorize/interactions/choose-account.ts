import type { AuthorizationState } from "../authorization-request.ts";
import { isAccountChosen } from "../choose-session.ts";
import type { Interaction } from "./interaction.ts";

/**
 * The person says which of the accounts it is to be that are signed in in the browser, or signs in to another one. Where
 * nobody is, signing in is all the choice there is.
 */
export const chooseAccount: Interaction = {
  next: "chooseAccount",
  need: (_dependencies, state) => (isChoiceNeeded(state) ? refusal : undefined),
};

const refusal = {
  code: "account_selection_required",
  description: "several people are signed in, and the person has not said who it is to be",
} as const;

/**
 * Whether the person must be asked: the client wants it, or it knows another of the accounts and not the active one, and nothing
 * says which is meant. Else an application would change its person without a word when somebody signs in elsewhere
 * (OpenID Connect Core §3.1.2.6, `account_selection_required`).
 */
export function isChoiceNeeded({
  authorization,
  sessions,
  isSessionNamed,
}: Pick<AuthorizationState, "authorization" | "sessions" | "isSessionNamed">): boolean {
  const [active, ...others] = sessions;
  // Whoever opens an account for the client is none of those who are here.
  if (authorization.prompts.includes("create")) return false;
  if (active === undefined || isAccountChosen(authorization, active.session)) return false;
  if (authorization.prompts.includes("select_account")) return true;
  // Whom the client expects and is not here has to sign in.
  if (isSessionNamed || authorization.expectedSubject !== "") return false;
  return !active.signedInToClient && others.some(({ signedInToClient }) => signedInToClient);
}
