/** Lengths of time in the model, in milliseconds; the replicas are told the same. */
export const limits = {
  idle: 14 * 86_400_000,
  session: 12 * 3_600_000,
  /** A used code is known for so long from its issue on. */
  code: 960_000,
} as const;

/** One thing that somebody does to a family, or to what it hangs on. */
export type Operation =
  | {
      readonly do: "refresh";
      readonly family: number;
      readonly token: string;
      readonly by: string;
      readonly scope: "all" | "narrower" | "foreign";
    }
  | { readonly do: "redeem again"; readonly family: number }
  | { readonly do: "revoke"; readonly family: number; readonly token: string | undefined; readonly by: string }
  /** Every family was begun before the consent's first version. */
  | { readonly do: "withdraw consent"; readonly client: string; readonly version: number }
  | { readonly do: "log out"; readonly session: string }
  | { readonly do: "void"; readonly subject: "the person" | { readonly client: string } };

/** What came of it: the refresh token that was given, why none was, or that it was done. */
export type Outcome =
  | { readonly gave: string }
  | { readonly refused: "scope" | "UNKNOWN" | "REUSED" | "OTHER_CLIENT" | "REVOKED" | "IDLE" | "AHEAD" }
  | "done";

/** A family: the tokens that it gave, newest last, and nothing of how they are told apart. */
export interface ModelFamily {
  readonly client: string;
  readonly session: string;
  readonly offline: boolean;
  readonly overlap: number;
  /** From its first token on. */
  readonly absolute: number;
  readonly begunAt: number;
  readonly rotatedAt: number;
  readonly tokens: readonly string[];
  readonly over: boolean;
}

/** Everything that is kept, and beside it what no backup takes back. */
export interface ModelState {
  readonly families: readonly ModelFamily[];
  readonly sessionsUntil: Readonly<Record<string, number>>;
}

/** A token that was ever given, and which one of its family it was. */
export type Given = ReadonlyMap<string, number>;

/** Whether a family gives anything: it is not over, not too old, and its session is there where it needs one. */
export function isAlive({ sessionsUntil }: ModelState, family: ModelFamily, now: number): boolean {
  if (family.over || now >= family.begunAt + family.absolute) return false;
  return family.offline || now < (sessionsUntil[family.session] ?? 0);
}

/** Whether a token could be used: it is the newest of a family that is alive, and not too long unused. */
export const isGood = (state: ModelState, family: ModelFamily, token: string, now: number): boolean =>
  isAlive(state, family, now) && family.tokens.at(-1) === token && now - family.rotatedAt <= limits.idle;

/**
 * The state after an operation; undefined when this outcome cannot come of it. `exactly` compares reasons too: of operations
 * at the same moment two may have seen the same reason, one after the other only the first.
 */
export function step(
  state: ModelState,
  operation: Operation,
  outcome: Outcome,
  { now, given, exactly }: { readonly now: number; readonly given: Given; readonly exactly: boolean },
): ModelState | undefined {
  const changed = (at: number, change: Partial<ModelFamily>): ModelState => ({
    ...state,
    families: state.families.map((family, index) => (index === at ? { ...family, ...change } : family)),
  });
  const allOver = (those: (family: ModelFamily) => boolean): ModelState => ({
    ...state,
    families: state.families.map((family) => (those(family) ? { ...family, over: true } : family)),
  });
  const refused = (after: ModelState, ...reasons: readonly string[]): ModelState | undefined => {
    if (outcome === "done" || !("refused" in outcome) || outcome.refused === "scope") return undefined;
    return !exactly || reasons.includes(outcome.refused) ? after : undefined;
  };

  switch (operation.do) {
    case "log out":
      return { ...state, sessionsUntil: { ...state.sessionsUntil, [operation.session]: 0 } };
    case "withdraw consent":
      return allOver(({ client }) => client === operation.client);
    case "void": {
      const { subject } = operation;
      return allOver(({ client }) => subject === "the person" || client === subject.client);
    }
    case "redeem again": {
      const isKnown = now < familyOf(state, operation).begunAt + limits.code;
      return isKnown ? refused(changed(operation.family, { over: true }), "REUSED") : refused(state, "UNKNOWN");
    }
    case "revoke": {
      const family = familyOf(state, operation);
      if (operation.by !== family.client) return refused(state, "OTHER_CLIENT", "UNKNOWN");
      if (outcome === "done") return changed(operation.family, { over: true });
      // The row of a family that ended long ago is gone.
      return isAlive(state, family, now) ? undefined : refused(state, "UNKNOWN");
    }
    case "refresh": {
      const family = familyOf(state, operation);
      if (operation.by !== family.client) return refused(state, "OTHER_CLIENT", "UNKNOWN");
      if (!isAlive(state, family, now)) return refused(state, "REVOKED", "UNKNOWN");
      const over = changed(operation.family, { over: true });
      const age = now - family.rotatedAt;
      const newest = family.tokens.length - 1;
      const place = family.tokens.indexOf(operation.token);
      const isRetry = place >= 0 && place === newest - 1 && family.overlap > 0 && age <= family.overlap;
      if (place === newest && age > limits.idle) return refused(over, "IDLE");
      if (place !== newest && !isRetry) {
        // One of a time that a restored backup knows nothing of is ahead, unless the family has overtaken it since.
        const isPast = place >= 0 || (given.get(operation.token) ?? 0) < newest;
        return refused(over, isPast ? "REUSED" : "AHEAD");
      }
      if (operation.scope === "foreign") return isOutcome(outcome, { refused: "scope" }) ? state : undefined;
      if (outcome === "done" || !("gave" in outcome)) return undefined;
      if (isRetry) return outcome.gave === family.tokens[newest] ? state : undefined;
      if (given.has(outcome.gave) || family.tokens.includes(outcome.gave)) return undefined;
      return changed(operation.family, { tokens: [...family.tokens, outcome.gave], rotatedAt: now });
    }
  }
}

function familyOf({ families }: ModelState, operation: { readonly family: number }): ModelFamily {
  const family = families[operation.family];
  if (family === undefined) throw new Error(`there is no family ${operation.family}`);
  return family;
}

const isOutcome = (one: Outcome, other: Outcome): boolean => JSON.stringify(one) === JSON.stringify(other);
