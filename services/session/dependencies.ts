import type { AttemptLimits } from "../host/windowed-attempts.ts";
import type { PageTokens } from "../host/page-token.ts";
import type { Store } from "../store/store.ts";
import type { Vault } from "../vault/vault.ts";
import type { RecentUses } from "./browser-sessions/session-use.ts";
import type { SessionSchedule } from "./browser-sessions/session-schedule.ts";

/** How long things of the session service live, in milliseconds. */
export interface SessionLifetimes {
  /** A browser session, from its sign-in on. */
  readonly session: number;
  /** An authorization code until it is redeemed. */
  readonly code: number;
  /** Beyond that: how long a code is kept, so that a second use is noticed as long as what the first gave is good. */
  readonly codeKept: number;
  /** A device code until it is redeemed. */
  readonly deviceCode: number;
  /** Between two requests of a device, unless it was told to wait longer. */
  readonly devicePollInterval: number;
  /** A refresh family, from its first token on. */
  readonly refreshAbsolute: number;
  /** A refresh family without a refresh. */
  readonly refreshIdle: number;
  /** After a rotation: how long the token before still gives the same successor. */
  readonly refreshOverlap: number;
}

/** What counts where neither policy nor client says otherwise. */
export const defaultSessionLifetimes: SessionLifetimes = {
  session: 12 * 3_600_000,
  code: 60_000,
  codeKept: 900_000,
  deviceCode: 600_000,
  devicePollInterval: 5_000,
  refreshAbsolute: 30 * 86_400_000,
  refreshIdle: 14 * 86_400_000,
  refreshOverlap: 10_000,
};

/**
 * User codes that nobody waits with may be typed so often. With a thousand devices waiting all the time, the guesses of a whole
 * window hit one of them once in 13,000 windows; and whoever hits one can give it nothing but their own consent.
 */
export const defaultUserCodeAttempts: AttemptLimits = { perAddress: 20, perTenant: 2_000, window: 10 * 60_000 };

/** What the use cases of the session service need. */
export interface SessionDependencies {
  readonly store: Store;
  readonly vault: Vault;
  readonly pageTokens: PageTokens;
  readonly sessionSchedule: SessionSchedule;
  readonly recentUses: RecentUses;
  /** Told of a tenant whose sessions that had run out could not be ended just now. */
  readonly onSessionFault: (error: unknown, tenantId: string) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly lifetimes: SessionLifetimes;
  /** How many user codes may be typed that no device waits with. */
  readonly userCodeAttempts: AttemptLimits;
}
