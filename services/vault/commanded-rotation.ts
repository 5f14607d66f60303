import {
  checkPolicy,
  deletionDue,
  isCurrent,
  pickNext,
  type RingKey,
  type RotationPolicy,
  type RotationStep,
} from "./signing-key-ring.ts";

/** How somebody wants a key to be rotated. */
export type RotationManner = "orderly" | "immediate" | "compromised";

/**
 * The steps of a rotation that somebody asks for at `now`. `orderly`: a key that was published for `publishAtLeast` takes
 * over and another is published; where there is none, one is published and brought forward, and `planRotation` promotes it
 * once nobody can have an older list. `immediate`: another key signs at once, the one published if there is one.
 * `compromised`: nothing of the ring stays. Throws a RangeError for a policy that cannot be kept.
 */
export function planCommandedRotation(
  keys: readonly RingKey[],
  now: number,
  policy: RotationPolicy,
  manner: RotationManner,
): readonly RotationStep[] {
  checkPolicy(policy);
  const signsNow: RotationStep = { step: "create", state: "current", createTime: now, activateTime: now };
  if (manner === "compromised") return [...keys.map(({ kid }): RotationStep => ({ step: "delete", kid })), signsNow];
  const currents = keys.filter(isCurrent);
  const next = pickNext(keys);
  const retire = currents.map(({ kid }): RotationStep => ({ step: "retire", kid, retireTime: now }));
  if (currents.length === 0 && next === undefined) return [signsNow];
  const ready = (createTime: number): number => Math.max(now, createTime + policy.publishAtLeast);
  if (next === undefined) {
    if (manner === "immediate") return [...retire, signsNow];
    return [{ step: "create", state: "next", createTime: now, promoteTime: ready(now) }];
  }
  if (manner === "immediate" || now >= ready(next.createTime)) {
    const promote: RotationStep = { step: "promote", kid: next.kid, activateTime: now };
    // Whoever rotates wants to see a key that was not there before.
    return [...retire, promote, { step: "create", state: "next", createTime: now }];
  }
  const promoteTime = ready(next.createTime);
  if (next.promoteTime !== undefined && next.promoteTime <= promoteTime) return [];
  return [{ step: "bring forward", kid: next.kid, promoteTime }];
}

/** When a ring must be planned again after these steps, at the latest; for a schedule that is written before the ring is. */
export function dueAfter(steps: readonly RotationStep[], policy: RotationPolicy): number {
  const times = steps.map((one) => {
    switch (one.step) {
      case "create":
        if (one.state === "current") return one.activateTime + policy.signFor - policy.publishAhead;
        return one.promoteTime ?? one.createTime + policy.publishAhead;
      case "bring forward":
        return one.promoteTime;
      case "promote":
        return one.activateTime + policy.signFor - policy.publishAhead;
      case "retire":
        return deletionDue(one, policy);
      case "unpublish":
      case "delete":
        return Number.POSITIVE_INFINITY;
    }
  });
  return Math.min(Number.POSITIVE_INFINITY, ...times);
}
