import { ownWork } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { planRotation } from "../../vault/signing-key-ring.ts";
import { ulid } from "../../vault/random.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { ringOf } from "./key-rings.ts";
import type { Due } from "./key-schedule.ts";
import { algOf } from "./sealed-signing-key.ts";

/** Tenants in one step: making an RSA key takes some hundred milliseconds. */
const batch = 10;
/** The longest time between two looks at the schedule, and until a tenant is tried again that failed, in milliseconds. */
const [longestPause, afterFailure] = [5_000, 60_000];

type Needs = Pick<OauthDependencies, "keyRings" | "keySchedule" | "signingKeys" | "rotationPolicy" | "clock">;

/**
 * One step of rotation by schedule: carries out what is due for a few tenants, and answers how long to wait. A tenant whose
 * keys cannot be changed is told to `onFault` and left for a minute; the others go on.
 */
export function rotateDueKeys(
  { keyRings, keySchedule, signingKeys, rotationPolicy: policy, clock }: Needs,
  onFault: (error: unknown, due: Pick<Due, "tenantId" | "alg">) => void,
): () => Promise<number> {
  async function rotate(due: Due): Promise<void> {
    const { tenantId, alg: name } = due;
    const alg = algOf({ kid: "", alg: name });
    // By name: keys of an algorithm that only a newer version knows do not keep these from being rotated.
    const ring = (await keyRings.read(tenantId)).filter(({ record }) => record.alg === alg);
    // A tenant that was deleted gets no new keys.
    if (ring.length === 0) return keySchedule.drop(due);
    const now = clock();
    const { steps, planAgainAt } = planRotation(ringOf(ring), now, policy);
    if (steps.length > 0) {
      const work = ownWork({ service: "oauth", tenantId, requestId: ulid(now), deadline: now + afterFailure });
      await keyRings.carryOut(work, alg, { ring, steps });
      signingKeys.forget(tenantId);
    }
    return keySchedule.settle(due, planAgainAt);
  }

  return async () => {
    const first = await keySchedule.first(batch);
    const due = first.filter(({ at }) => at <= clock());
    for (const one of due) {
      try {
        await rotate(one);
      } catch (error) {
        if (error instanceof Conflict) continue; // a command was first: looked at again at once
        onFault(error, one);
        await keySchedule.settle(one, clock() + afterFailure);
      }
    }
    if (due.length > 0) return 0;
    return Math.min(longestPause, Math.max(0, (first[0]?.at ?? Number.POSITIVE_INFINITY) - clock()));
  };
}
