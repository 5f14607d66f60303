import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AuthorizationState } from "../authorization-request.ts";
import { leftToDo, type LeftToDo } from "../sign-in-policy.ts";
import type { Interaction, Refusal } from "./interaction.ts";

/** The person proves who they are, and does what the policy wants done with it: verifies their address, accepts terms. */
export const signIn: Interaction = {
  next: "signIn",
  async need({ subjects, peers }, state) {
    const { call, client, session } = state;
    if (session === undefined) return nobodySignedIn;
    if (isSignInNeeded({ ...state, subject: await subjects.of(call, client, session.userId) })) return nobodySignedIn;
    const left = await leftToDo(peers, call, state.authorization, session);
    return left === undefined ? undefined : refusals[left];
  },
};

export const nobodySignedIn: Refusal = {
  code: "login_required",
  description: "nobody is signed in whom the request would do with",
};

const refusals: Readonly<Record<LeftToDo, Refusal>> = {
  "sign in": nobodySignedIn,
  act: { code: "interaction_required", description: "the person has to do something on a page first" },
};

/**
 * Whether the person must sign in: there is no session, it is of another person than the client expects, or its sign-in is
 * older than asked for (OpenID Connect Core §3.1.2.2, §3.1.2.3). A sign-in since the request came satisfies every `max_age`,
 * 0 too.
 */
export function isSignInNeeded({
  authorization: { createTime, expectedSubject, freshSignIn, maxAge },
  session,
  subject,
  now,
}: Pick<AuthorizationState, "authorization" | "session" | "now"> & {
  /** What the session's person is called towards the client. */
  readonly subject: string;
}): boolean {
  if (session?.authTime === undefined) return true;
  if (expectedSubject !== "" && expectedSubject !== subject) return true;
  const signedIn = timestampMs(session.authTime);
  if (createTime !== undefined && signedIn >= timestampMs(createTime)) return false;
  return freshSignIn || (maxAge !== undefined && now - signedIn > Number(maxAge) * 1000);
}
