import { create } from "@bufbuild/protobuf";
import { PendingInteractionSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { OauthDependencies } from "../../dependencies.ts";
import { OAuthRefusal } from "../../oauth-error.ts";
import { allowedScopes } from "../../allowed-scopes.ts";
import { scopesLeft } from "../../scopes-left.ts";
import { answerWithCode } from "../answer-with-code.ts";
import type { AuthorizationState } from "../authorization-request.ts";
import { checkAcr } from "../check-acr.ts";
import { forgetPushed, useUpPushed } from "../pushed-request.ts";
import { chooseAccount } from "./choose-account.ts";
import { consent } from "./consent.ts";
import type { Interaction, NextStep, Refusal } from "./interaction.ts";
import { nobodySignedIn, signIn } from "./sign-in.ts";

/** In the order in which a person meets them. */
const interactions: readonly Interaction[] = [chooseAccount, signIn, consent];

/**
 * Goes on with a request as far as it can: to the first interaction that is needed, or to the code. `keep` answers the id
 * under which the request waits for its person. Throws an OAuthRefusal for the client where the person must not be asked,
 * or the client may no longer have any of what it asked for; a pushed request is used up by that, too.
 */
export async function nextStep(...asked: Parameters<typeof step>): Promise<NextStep> {
  try {
    return await step(...asked);
  } catch (error) {
    const [dependencies, { call, authorization }] = asked;
    if (error instanceof OAuthRefusal && authorization.pushedIdHash !== "") {
      await forgetPushed(dependencies, call, authorization.pushedIdHash);
    }
    throw error;
  }
}

async function step(
  dependencies: OauthDependencies,
  state: AuthorizationState,
  keep: () => Promise<string>,
): Promise<NextStep> {
  const { authorization, client, session } = state;
  scopesLeft(authorization.scopes, allowedScopes(client, authorization.scopes));
  const waitFor = async ({ next }: Interaction, refusal: Refusal): Promise<NextStep> => {
    if (authorization.prompts.includes("none")) throw new OAuthRefusal(refusal.code, refusal.description);
    const createAccount = next === "signIn" && authorization.prompts.includes("create");
    const value = create(PendingInteractionSchema, { authorizationId: await keep(), createAccount });
    return { case: next, value };
  };
  for (const interaction of interactions) {
    const refusal = await interaction.need(dependencies, state);
    if (refusal !== undefined) return waitFor(interaction, refusal);
  }
  if (session === undefined) return waitFor(signIn, nobodySignedIn);
  checkAcr(authorization, session);
  await useUpPushed(dependencies, state.call, authorization);
  const redirect = await answerWithCode(dependencies, { ...state, session });
  // The session ended since it was looked at.
  return redirect === undefined ? waitFor(signIn, nobodySignedIn) : { case: "redirect", value: redirect };
}
