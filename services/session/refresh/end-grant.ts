import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { GrantSchema } from "#gen/koder/session/store/v1/grant_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import { Conflict, type TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { grants } from "../collections.ts";

/** Why a grant ended before its time; in its event and its row. */
export type GrantEndReason =
  | "code_reuse"
  | "refresh_token_reuse"
  | "generation_ahead"
  | "salt_mismatch"
  | "idle"
  | "lifetime"
  | "client"
  | "session_ended";

/** How long an ended grant's row is kept for whoever asks why: every token of it has expired long before. */
const keptAfterEnd = 86_400_000;

/**
 * Ends a grant, and with it every token that came of it, before it answers. Races with a rotation until it wins:
 * whichever generation is reached, the grant is over. A grant that is gone or over already stays so, and false is answered.
 */
export async function endGrant(
  data: TenantStore,
  call: CausingCall,
  now: number,
  grantId: string,
  reason: GrantEndReason,
): Promise<boolean> {
  for (;;) {
    const stored = await data.get(grants, grantId);
    if (stored === undefined || stored.record.endReason !== "") return false;
    const { record, version } = stored;
    const expires = record.expireTime ? timestampMs(record.expireTime) : now;
    const ended = create(GrantSchema, {
      ...record,
      endReason: reason,
      salt: new Uint8Array(),
      previousSalt: new Uint8Array(),
      expireTime: timestampFromMs(Math.max(now + 1, Math.min(expires, now + keptAfterEnd))),
    });
    const event = eventOf(
      call,
      now,
      { type: "grant", id: grantId, version: version + 1 },
      {
        case: "grantRevoked",
        value: {
          $typeName: "koder.events.v1.GrantRevoked",
          clientId: record.clientId,
          userId: record.userId,
          reason,
        },
      },
    );
    try {
      await data.commit([replace(grants, ended, version)], [event]);
      return true;
    } catch (error) {
      // Somebody rotated or ended it in between: look again. Each turn of the loop is another's success.
      if (!(error instanceof Conflict)) throw error;
    }
  }
}
