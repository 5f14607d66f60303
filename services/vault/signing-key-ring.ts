/** What a key of the ring does. */
export type SigningKeyState = RingKey["state"];

/** A key of one algorithm as its owner keeps it; times in milliseconds since the epoch. */
export type RingKey =
  | { readonly kid: string; readonly state: "next"; readonly createTime: number }
  | { readonly kid: string; readonly state: "current"; readonly createTime: number; readonly activateTime: number }
  | { readonly kid: string; readonly state: "retired"; readonly createTime: number; readonly retireTime: number };

/** How keys follow one another; lengths in milliseconds. */
export interface RotationPolicy {
  /** How long a key signs. */
  readonly signFor: number;
  /** How long a key is published before it signs: as long as relying parties may go on with the list they have. */
  readonly publishAhead: number;
  /** The longest lifetime of a token that these keys sign. */
  readonly longestToken: number;
  /** How long a process may go on with the ring that it read before: it may still sign with a key just retired. */
  readonly staleFor: number;
}

/** A change of the ring: its owner makes all changes of a plan in one commit, with these times. */
export type RotationStep =
  | { readonly step: "create"; readonly state: "next"; readonly createTime: number }
  | { readonly step: "create"; readonly state: "current"; readonly createTime: number; readonly activateTime: number }
  | { readonly step: "promote"; readonly kid: string; readonly activateTime: number }
  | { readonly step: "retire"; readonly kid: string; readonly retireTime: number }
  | { readonly step: "delete"; readonly kid: string };

/** What is due now, and when to plan again if nothing else changes the ring. */
export interface RotationPlan {
  readonly steps: readonly RotationStep[];
  readonly planAgainAt: number;
}

type Current = Extract<RingKey, { state: "current" }>;
type Next = Extract<RingKey, { state: "next" }>;
type Retired = Extract<RingKey, { state: "retired" }>;

const isCurrent = (key: RingKey): key is Current => key.state === "current";
const isNext = (key: RingKey): key is Next => key.state === "next";
const isRetired = (key: RingKey): key is Retired => key.state === "retired";
const byKid = (a: RingKey, b: RingKey): number => (a.kid < b.kid ? -1 : 1);

/** The key that signs. Of several, which only a lost race could leave, the one that began last; every process picks the same. */
export function pickCurrent<Key extends RingKey>(keys: readonly Key[]): Extract<Key, { state: "current" }> | undefined {
  const currents = keys.filter((key): key is Extract<Key, { state: "current" }> => key.state === "current");
  return currents.toSorted((a, b) => b.activateTime - a.activateTime || byKid(a, b))[0];
}

/**
 * What is due in a ring of one algorithm at `now`: next → current → retired → deleted. Every key is published from when it
 * is created until it is deleted. A current key is retired only by the same plan that puts another in its place, after that
 * one was published for `publishAhead`; a retired key is deleted when no token that it signed can be alive. Only an empty
 * ring gets a key that signs at once, and only a ring that lost its current key promotes the next one early. Throws a
 * RangeError for a policy that cannot be kept.
 */
export function planRotation(keys: readonly RingKey[], now: number, policy: RotationPolicy): RotationPlan {
  checkPolicy(policy);
  const { signFor, publishAhead, longestToken, staleFor } = policy;
  const current = pickCurrent(keys);
  const next = keys.filter(isNext).toSorted((a, b) => a.createTime - b.createTime || byKid(a, b))[0];
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
    again(Math.max(signsSince + signFor, waiting.createTime + publishAhead));
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
    if (now >= retireTime + keepFor) steps.push({ step: "delete", kid });
    else again(retireTime + keepFor);
  }
  return { steps, planAgainAt };
}

function isDueForPromotion(next: Next, current: Current | undefined, now: number, policy: RotationPolicy): boolean {
  if (current === undefined) return true;
  return now >= current.activateTime + policy.signFor && now >= next.createTime + policy.publishAhead;
}

function checkPolicy({ signFor, publishAhead, longestToken, staleFor }: RotationPolicy): void {
  for (const [name, value] of Object.entries({ signFor, publishAhead, longestToken, staleFor })) {
    if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name}: must be a number of milliseconds ≥ 0`);
  }
  if (publishAhead === 0) throw new RangeError("publishAhead: must be longer than 0");
  if (longestToken === 0) throw new RangeError("longestToken: must be longer than 0");
  if (publishAhead < staleFor) throw new RangeError("publishAhead: must not be shorter than staleFor");
  if (signFor <= publishAhead) throw new RangeError("signFor: must be longer than publishAhead");
}
