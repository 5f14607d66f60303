import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Session } from "#gen/koder/session/v1/session_pb.ts";

/** How recent a sign-in a request asks for. */
export interface SignInDemand {
  /** The person must sign in after this moment, whatever session there is (prompt=login); milliseconds. */
  readonly after: number | undefined;
  /** Seconds; undefined: any age. */
  readonly maxAge: number | undefined;
}

/**
 * Whether the person must sign in: there is no session, or its sign-in is older than asked for (OpenID Connect Core
 * §3.1.2.3). A sign-in made for this very request, at or after `begun` (ms), satisfies every max_age, 0 too.
 */
export function isSignInNeeded(
  session: Session | undefined,
  demand: SignInDemand,
  begun: number | undefined,
  now: number,
): session is undefined {
  if (session?.authTime === undefined) return true;
  const signedIn = timestampMs(session.authTime);
  if (demand.after !== undefined && signedIn < demand.after) return true;
  if (demand.maxAge === undefined || (begun !== undefined && signedIn >= begun)) return false;
  return now - signedIn > demand.maxAge * 1000;
}
