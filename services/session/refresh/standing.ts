import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { timingSafeEqualBytes } from "../../vault/random.ts";
import type { SessionLifetimes } from "../dependencies.ts";
import type { GrantEndReason } from "./end-grant.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** What using a refresh token does to its family. */
export type Standing =
  | { readonly kind: "rotate" }
  | { readonly kind: "retry" }
  | { readonly kind: "end"; readonly reason: GrantEndReason; readonly refusal: GrantRefusal };

type Limits = Pick<SessionLifetimes, "refreshIdle" | "refreshOverlap">;

/**
 * What a token, whose MAC is good, is to the row as it stands at `now`: the newest one; the one before it, whose successor
 * was not used, within the overlap; or a reason to end the family.
 */
export function standingOf(presented: RefreshToken, grant: Grant, now: number, limits: Limits): Standing {
  const current = Number(grant.generation);
  const age = now - rotatedAt(grant);
  if (presented.generation > current) {
    return { kind: "end", reason: "generation_ahead", refusal: GrantRefusal.AHEAD };
  }
  if (presented.generation === current) {
    // Ours by its MAC, of this generation, and yet not the row's: the row was restored and has been rotated anew.
    if (!timingSafeEqualBytes(presented.salt, grant.salt)) {
      return { kind: "end", reason: "salt_mismatch", refusal: GrantRefusal.AHEAD };
    }
    if (age > limits.refreshIdle) return { kind: "end", reason: "idle", refusal: GrantRefusal.IDLE };
    return { kind: "rotate" };
  }
  const isPrevious = presented.generation === current - 1 && timingSafeEqualBytes(presented.salt, grant.previousSalt);
  if (isPrevious && age <= limits.refreshOverlap) return { kind: "retry" };
  return { kind: "end", reason: "refresh_token_reuse", refusal: GrantRefusal.REUSED };
}

/** Until when the newest refresh token is good if nobody uses it, in milliseconds since the epoch. */
export const goodUntil = (grant: Grant, limits: Limits): number =>
  Math.min(rotatedAt(grant) + limits.refreshIdle, grant.expireTime ? timestampMs(grant.expireTime) : Infinity);

const rotatedAt = (grant: Grant): number => (grant.rotateTime ? timestampMs(grant.rotateTime) : 0);
