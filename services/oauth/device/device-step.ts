import { create } from "@bufbuild/protobuf";
import {
  PendingInteractionSchema,
  type ResumeAuthorizationResponse,
} from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { AuthorizationState } from "../authorize/authorization-request.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { signedInPerson } from "./signed-in-person.ts";

/** What the person of a device does next: they sign in, then they decide, whatever they have allowed before. */
export async function deviceStep(
  dependencies: Pick<OauthDependencies, "peers" | "clock">,
  { call, authorization, session }: AuthorizationState,
  authorizationId: string,
): Promise<ResumeAuthorizationResponse["next"]> {
  const value = create(PendingInteractionSchema, { authorizationId });
  const person = await signedInPerson(dependencies, call, authorization, session);
  return person === undefined ? { case: "signIn", value } : { case: "confirmDevice", value };
}
