/** What a key of the ring does. */
export type SigningKeyState = RingKey["state"];

/** A key of one algorithm as its owner keeps it; times in milliseconds since the epoch. */
export type RingKey =
  | {
      readonly kid: string;
      readonly state: "next";
      readonly createTime: number;
      /** When it is due by command, before the schedule would have it. */
      readonly promoteTime?: number;
    }
  | { readonly kid: string; readonly state: "current"; readonly createTime: number; readonly activateTime: number }
  | { readonly kid: string; readonly state: "retired"; readonly createTime: number; readonly retireTime: number };

/** How keys follow one another; lengths in milliseconds. */
export interface RotationPolicy {
  /** How long a key signs. */
  readonly signFor: number;
  /** How long a key is published before it signs by schedule: generous, for relying parties that keep lists too long. */
  readonly publishAhead: number;
  /** How long it is published before it signs by command: as long as relying parties may go on with the list they have. */
  readonly publishAtLeast: number;
  /** The longest lifetime of a token that these keys sign. */
  readonly longestToken: number;
  /** How long a process may go on with the ring that it read before: it may still sign with a key just retired. */
  readonly staleFor: number;
}

/** A change of the ring: its owner makes all changes of a plan in one commit, with these times. */
export type RotationStep =
  | { readonly step: "create"; readonly state: "next"; readonly createTime: number; readonly promoteTime?: number }
  | { readonly step: "create"; readonly state: "current"; readonly createTime: number; readonly activateTime: number }
  | { readonly step: "bring forward"; readonly kid: string; readonly promoteTime: number }
  | { readonly step: "promote"; readonly kid: string; readonly activateTime: number }
  | { readonly step: "retire"; readonly kid: string; readonly retireTime: number }
  /** Takes a retired key out of the ring, whose owner may keep its public half for what is no token any more. */
  | { readonly step: "unpublish"; readonly kid: string }
  | { readonly step: "delete"; readonly kid: string };

/** What is due now, and when to plan again if nothing else changes the ring. */
export interface RotationPlan {
  readonly steps: readonly RotationStep[];
  readonly planAgainAt: number;
}

/** The key that signs … */
export type Current = Extract<RingKey, { state: "current" }>;
/** … the one that is published ahead … */
export type Next = Extract<RingKey, { state: "next" }>;
/** … and one whose tokens run out. */
export type Retired = Extract<RingKey, { state: "retired" }>;

/** Whether a key signs. */
export const isCurrent = (key: RingKey): key is Current => key.state === "current";
const isRetired = (key: RingKey): key is Retired => key.state === "retired";
const byKid = (a: RingKey, b: RingKey): number => (a.kid < b.kid ? -1 : 1);

/** The key that is published ahead. Of several, which only a lost race could leave, the one that was first. */
export function pickNext<Key extends RingKey>(keys: readonly Key[]): Extract<Key, { state: "next" }> | undefined {
  const nexts = keys.filter((key): key is Extract<Key, { state: "next" }> => key.state === "next");
  return nexts.toSorted((a, b) => a.createTime - b.createTime || byKid(a, b))[0];
}

/** The key that signs. Of several, which only a lost race could leave, the one that began last; every process picks the same. */
export function pickCurrent<Key extends RingKey>(keys: readonly Key[]): Extract<Key, { state: "current" }> | undefined {
  const currents = keys.filter((key): key is Extract<Key, { state: "current" }> => key.state === "current");
  return currents.toSorted((a, b) => b.activateTime - a.activateTime || byKid(a, b))[0];
}

/**
 * What is due in a ring of one algorithm at `now`: next → current → retired → unpublished. Every key is published from when
 * it is created until it leaves the ring. A current key is retired only by the same plan that puts another in its place, after that
 * one was published for `publishAhead`; a retired key leaves when no token that it signed can be alive. Only an empty
 * ring gets a key that signs at once, and only a ring that lost its current key promotes the next one early. Throws a
 * RangeError for a policy that cannot be kept.
 */
export function planRotation(keys: readonly RingKey[], now: number, policy: RotationPolicy): RotationPlan {
  checkPolicy(policy);
  const { signFor, publishAhead, longestToken, staleFor } = policy;
  const current = pickCurrent(keys);
  const next = pickNext(keys);
  const keepFor = longestToken + staleFor;
  const steps: RotationStep[] = [];
  let planAgainAt = Number.POSITIVE_INFINITY;
  const again = (time: number) => (planAgainAt = Math.min(planAgainAt, time));

  const promotable = next !== undefined && isDueForPromotion(next, current, now, policy);
  if (promotable) steps.push({ step: "promote", kid: next.kid, activateTime: now });
  if (current === undefined && next === undefined) {
    steps.push({ step: "create", state: "current", createTime: now, activateTime: now });
  }
  const signsSince = promotable || current === undefined ? now : current.activateTime;
  const waiting = promotable ? undefined : next;
  if (waiting !== undefined) {
    again(promotionDue(waiting, { activateTime: signsSince }, policy));
  } else if (!promotable && now >= signsSince + signFor - publishAhead) {
    steps.push({ step: "create", state: "next", createTime: now });
    again(Math.max(signsSince + signFor, now + publishAhead));
  } else {
    again(signsSince + signFor - publishAhead);
  }

  for (const key of keys.filter(isCurrent)) {
    if (key === current && !promotable) continue;
    steps.push({ step: "retire", kid: key.kid, retireTime: now });
    again(now + keepFor);
  }
  for (const { kid, retireTime } of keys.filter(isRetired)) {
    if (now >= retireTime + keepFor) steps.push({ step: "unpublish", kid });
    else again(retireTime + keepFor);
  }
  return { steps, planAgainAt };
}

function isDueForPromotion(next: Next, current: Current | undefined, now: number, policy: RotationPolicy): boolean {
  return current === undefined || now >= promotionDue(next, current, policy);
}

/** When a published key takes the current one's place: by schedule, or by the command that brought it forward. */
export function promotionDue(
  next: Next,
  current: Pick<Current, "activateTime">,
  { signFor, publishAhead }: Pick<RotationPolicy, "signFor" | "publishAhead">,
): number {
  const bySchedule = Math.max(current.activateTime + signFor, next.createTime + publishAhead);
  return Math.min(next.promoteTime ?? Number.POSITIVE_INFINITY, bySchedule);
}

/** When a retired key leaves the ring. */
export const deletionDue = (
  { retireTime }: Pick<Retired, "retireTime">,
  { longestToken, staleFor }: Pick<RotationPolicy, "longestToken" | "staleFor">,
): number => retireTime + longestToken + staleFor;

/** Throws a RangeError for a policy that cannot be kept. */
export function checkPolicy({ signFor, publishAhead, publishAtLeast, longestToken, staleFor }: RotationPolicy): void {
  for (const [name, value] of Object.entries({ signFor, publishAhead, publishAtLeast, longestToken, staleFor })) {
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name}: must be a number of milliseconds ≥ 0`);
  }
  if (publishAhead === 0) throw new RangeError("publishAhead: must be longer than 0");
  if (longestToken === 0) throw new RangeError("longestToken: must be longer than 0");
  if (publishAtLeast < staleFor) throw new RangeError("publishAtLeast: must not be shorter than staleFor");
  if (publishAhead < publishAtLeast) throw new RangeError("publishAhead: must not be shorter than publishAtLeast");
  if (signFor <= publishAhead) throw new RangeError("signFor: must be longer than publishAhead");
}
