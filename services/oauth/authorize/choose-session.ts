import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Authorization } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import type { User } from "#gen/koder/identity/v1/user_pb.ts";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";
import { userOf } from "../account-of-user.ts";
import type { Call } from "../../host/call.ts";
import { inAsciiDomain } from "../../host/email-address.ts";
import type { OauthDependencies } from "../dependencies.ts";
import type { BrowserSession } from "./browser-sessions.ts";
import { isSignedInSince } from "./signed-in-since.ts";

/** Whether the person has said which account it is to be: on the chooser, or by signing in since the request came. */
export function isAccountChosen(
  authorization: Pick<Authorization, "accountChosen" | "createTime" | "sessionsBefore">,
  active: Session | undefined,
): boolean {
  return authorization.accountChosen || (active !== undefined && isSignedInSince(authorization, active));
}

/** The session that a request is for, and whether something said which of several it is. */
export interface ChosenSession {
  readonly session: Session | undefined;
  /** A subject that the client expects, a hint that fits one of them, or the person's own choice. */
  readonly isNamed: boolean;
}

/**
 * The session that a request is for. Of several it is the one of the person whom the client expects (`id_token_hint`), or
 * else the active one, unless `login_hint` names another that is signed in: a hint chooses among those, and is compared with
 * nobody else, so that no answer tells which accounts there are (security A23). Once the person has chosen, it no longer
 * counts.
 */
export async function chooseSession(
  dependencies: Pick<OauthDependencies, "peers" | "subjects">,
  call: Call,
  client: Client,
  sessions: readonly BrowserSession[],
  authorization: Authorization,
): Promise<ChosenSession> {
  const [active] = sessions;
  const { loginHint, expectedSubject } = authorization;
  if (expectedSubject !== "") {
    // The client names a person as it knows them, by a pairwise name perhaps.
    const names = await Promise.all(
      sessions.map(({ session }) => dependencies.subjects.of(call, client, session.userId)),
    );
    const expected = sessions[names.indexOf(expectedSubject)];
    if (expected !== undefined) return { session: expected.session, isNamed: true };
  }
  const isChosen = isAccountChosen(authorization, active?.session);
  if (sessions.length < 2 || loginHint === "" || isChosen) return { session: active?.session, isNamed: isChosen };
  const users = await Promise.all(sessions.map(({ session }) => userOf(dependencies, call, session.userId)));
  const hinted = sessions.find((_session, at) => fits(users[at], loginHint));
  return { session: (hinted ?? active)?.session, isNamed: hinted !== undefined };
}

/** Whether a name is one that the user signs in with. */
function fits(user: User | undefined, name: string): boolean {
  const compared = (one: string): string => inAsciiDomain(one.toLowerCase());
  const asked = compared(name.trim());
  return user !== undefined && [user.username, user.email].some((own) => own !== "" && compared(own) === asked);
}
