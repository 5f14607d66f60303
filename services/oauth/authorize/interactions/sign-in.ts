import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { OAuthRefusal } from "../../oauth-error.ts";
import type { AuthorizationState } from "../authorization-request.ts";
import { leftToDo, type LeftToDo } from "../sign-in-policy.ts";
import { isSignedInSince } from "../signed-in-since.ts";
import type { Interaction, Refusal } from "./interaction.ts";

/** The person proves who they are, and does what the policy wants done with it: verifies their address, accepts terms. */
export const signIn: Interaction = {
  next: "signIn",
  async need({ subjects, peers }, state) {
    const { call, client, session } = state;
    if (session === undefined) return nobodySignedIn;
    const subject = await subjects.of(call, client, session.userId);
    if (isSignInNeeded({ ...state, subject })) {
      // Whoever signed in last: the one expected may be here, too, by a sign-in of before that would not do.
      const [{ session: last } = { session }] = state.sessions;
      const lastSubject = await subjects.of(call, client, last.userId);
      if (isSomebodyElse(state.authorization, last, lastSubject)) throw somebodyElse();
      return nobodySignedIn;
    }
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

/** OpenID Connect Core §3.1.2.1: to ask them again would be to ask for ever, without a word of why. */
const somebodyElse = () =>
  new OAuthRefusal("login_required", "the person signed in as somebody else than the client expects");

/** Whether the person has signed in since the request came, and not as the one whom the client expects. */
export const isSomebodyElse = (
  authorization: Pick<Authorization, "createTime" | "sessionsBefore" | "expectedSubject">,
  session: Pick<Session, "id" | "authTime">,
  subject: string,
): boolean =>
  authorization.expectedSubject !== "" &&
  authorization.expectedSubject !== subject &&
  isSignedInSince(authorization, session);

/**
 * Whether the person must sign in: there is no session, it is of another person than the client expects, or its sign-in is
 * older than asked for (OpenID Connect Core §3.1.2.2, §3.1.2.3). A sign-in since the request came satisfies every `max_age`,
 * 0 too.
 */
export function isSignInNeeded({
  authorization,
  session,
  subject,
  now,
}: Pick<AuthorizationState, "authorization" | "session" | "now"> & {
  /** What the session's person is called towards the client. */
  readonly subject: string;
}): boolean {
  const { expectedSubject, freshSignIn, maxAge } = authorization;
  if (session?.authTime === undefined) return true;
  if (expectedSubject !== "" && expectedSubject !== subject) return true;
  if (isSignedInSince(authorization, session)) return false;
  if (freshSignIn || maxAge === 0n) return true;
  return maxAge !== undefined && now - timestampMs(session.authTime) > Number(maxAge) * 1000;
}
