import type { RelyingParty } from "../../support/relying-party.ts";
import type { Tally } from "./tally.ts";

/** What every client of the load has. */
export interface LoadClient {
  readonly tally: Tally;
  readonly client: RelyingParty;
  readonly isOver: () => boolean;
}

/** An access token that somebody was given. */
export interface GivenToken {
  readonly accessToken: string;
  /** The family that it came of; undefined for a client's own. */
  readonly family: Family | undefined;
}

/** A refresh family as its client knows it. Times in milliseconds, of `performance.now`. */
export interface Family {
  /** Every refresh token that was acknowledged, oldest first: each was given for the one before it. */
  readonly line: string[];
  /** When the first request with the latest token left, while none of them was answered. */
  firstUnanswered: number | undefined;
  /** When the first request left that gave the latest token. */
  latestSent: number;
  /** Why its tokens are good no more: by which rule, or perhaps so, where an answer is missing that would tell. */
  ended: "overlap passed" | "code raced" | "perhaps" | undefined;
}

/** A code that a client was given. */
export interface GivenCode {
  readonly code: string;
  readonly codeVerifier: string;
  /** How many redemptions were acknowledged. */
  redeemed: number;
  /** False when an answer was lost. */
  isKnown: boolean;
}

/** Everything that was acknowledged. */
export interface Acknowledged {
  readonly tokens: GivenToken[];
  readonly families: Family[];
  readonly codes: GivenCode[];
}

/** What a person or a program does between two requests, in milliseconds on average. */
export const think = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => void setTimeout(resolve, milliseconds * (0.5 + Math.random())));
