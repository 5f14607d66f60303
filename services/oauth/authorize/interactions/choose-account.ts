import { isAccountChosen } from "../choose-session.ts";
import type { Interaction } from "./interaction.ts";

/**
 * The person says which of the accounts it is to be that are signed in in the browser, or signs in to another one. Where
 * nobody is, signing in is all the choice there is.
 */
export const chooseAccount: Interaction = {
  next: "chooseAccount",
  refusal: { code: "account_selection_required", description: "the person has not chosen an account" },
  isNeeded: (_dependencies, { authorization, sessions: [active] }) =>
    active !== undefined &&
    authorization.prompts.includes("select_account") &&
    !isAccountChosen(authorization, active.session),
};
