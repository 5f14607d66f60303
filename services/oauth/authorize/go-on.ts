import type { ResumeAuthorizationResponse } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { deviceStep } from "../device/device-step.ts";
import { answerRefusal } from "./answer-refusal.ts";
import type { AuthorizationState } from "./authorization-request.ts";
import { nextStep } from "./interactions/interactions.ts";
import type { PendingRequest } from "./pending-state.ts";

/** Goes on with a pending authorization as far as it can, a device's to the page of devices; a refusal goes to the client. */
export async function goOn(
  dependencies: OauthDependencies,
  state: AuthorizationState,
  { authorizationId }: Pick<PendingRequest, "authorizationId">,
): Promise<ResumeAuthorizationResponse["next"]> {
  if (state.authorization.deviceCodeId !== "") return deviceStep(dependencies, state, authorizationId);
  const next = await answerRefusal(dependencies, state.call, async (proven) => {
    proven(state.authorization);
    return nextStep(dependencies, state, () => Promise.resolve(authorizationId));
  });
  if (next.case === "errorPage") throw new Error("an authorization whose client is known was refused on a page");
  return next;
}
