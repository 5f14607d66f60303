import type { RefreshPolicy } from "#gen/koder/session/v1/grant_internal_pb.ts";
import type { SessionLifetimes } from "../dependencies.ts";

/** How long the refresh tokens of a client live, in milliseconds. */
export interface RefreshTerms {
  /** After a rotation: how long the token before still gives the same successor; 0: not at all. */
  readonly overlap: number;
  /** A token without use. */
  readonly idle: number;
  /** The family, from its first token on. */
  readonly absolute: number;
}

/** The terms by a client's settings; what it has not set is as the service has it. */
export const refreshTerms = (policy: RefreshPolicy | undefined, lifetimes: SessionLifetimes): RefreshTerms => ({
  overlap: Number(policy?.overlapMs ?? lifetimes.refreshOverlap),
  idle: Number(policy?.idleLifetimeMs ?? lifetimes.refreshIdle),
  absolute: Number(policy?.absoluteLifetimeMs ?? lifetimes.refreshAbsolute),
});
