import { timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { timingSafeEqualBytes } from "../../vault/random.ts";
import type { GrantEndReason } from "./end-grant.ts";
import type { RefreshTerms } from "./refresh-terms.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** What using a refresh token does to its family. */
export type Standing =
  | { readonly kind: "rotate" }
  | { readonly kind: "retry" }
  | { readonly kind: "end"; readonly reason: GrantEndReason; readonly refusal: GrantRefusal };

/**
 * What a token, whose MAC is good, is to the row as it stands at `now`: the newest one; the one before it, whose successor
 * was not used, within the overlap; or a reason to end the family. A limit that the client's settings have made shorter counts
 * for families that began before.
 */
export function standingOf(presented: RefreshToken, grant: Grant, now: number, terms: RefreshTerms): Standing {
  const current = Number(grant.generation);
  const age = now - rotatedAt(grant);
  if (now >= endOf(grant, terms)) return { kind: "end", reason: "lifetime", refusal: GrantRefusal.UNKNOWN };
  if (presented.generation > current) {
    return { kind: "end", reason: "generation_ahead", refusal: GrantRefusal.AHEAD };
  }
  if (presented.generation === current) {
    // Ours by its MAC, of this generation, and yet not the row's: the row was restored and has been rotated anew.
    if (!timingSafeEqualBytes(presented.salt, grant.salt)) {
      return { kind: "end", reason: "salt_mismatch", refusal: GrantRefusal.AHEAD };
    }
    if (age > terms.idle) return { kind: "end", reason: "idle", refusal: GrantRefusal.IDLE };
    return { kind: "rotate" };
  }
  const isPrevious = presented.generation === current - 1 && timingSafeEqualBytes(presented.salt, grant.previousSalt);
  if (isPrevious && terms.overlap > 0 && age <= terms.overlap) return { kind: "retry" };
  return { kind: "end", reason: "refresh_token_reuse", refusal: GrantRefusal.REUSED };
}

/** Until when the newest refresh token is good if nobody uses it, in milliseconds since the epoch. */
export const goodUntil = (grant: Grant, terms: RefreshTerms): number =>
  Math.min(rotatedAt(grant) + terms.idle, endOf(grant, terms));

/** When a family ends however often it is refreshed: as was said when it began, or earlier by a shorter limit of today. */
export const endOf = (grant: Grant, { absolute }: RefreshTerms): number =>
  Math.min(ms(grant.expireTime, Infinity), ms(grant.createTime, Infinity) + absolute);

const rotatedAt = (grant: Grant): number => ms(grant.rotateTime, 0);
const ms = (time: Timestamp | undefined, absent: number): number => (time ? timestampMs(time) : absent);
