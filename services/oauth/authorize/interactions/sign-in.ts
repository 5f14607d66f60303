import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { AuthorizationState } from "../authorization-request.ts";
import { isSignInEnough } from "../sign-in-policy.ts";
import type { Interaction } from "./interaction.ts";

/** The person proves who they are. */
export const signIn: Interaction = {
  next: "signIn",
  refusal: { code: "login_required", description: "nobody is signed in whom the request would do with" },
  async isNeeded({ subjects, peers }, state) {
    const { call, client, session } = state;
    if (session === undefined) return true;
    if (isSignInNeeded({ ...state, subject: await subjects.of(call, client, session.userId) })) return true;
    return !(await isSignInEnough(peers, call, state.authorization, session));
  },
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
