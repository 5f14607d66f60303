import type { CodeSchema } from "#gen/koder/session/store/v1/code_pb.ts";
import type { Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored, type TenantStore } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { codes } from "../collections.ts";

/** Makes a code void that was not used yet. A used one stays, so that a second use is noticed; its grant is another matter. */
export async function voidCode(
  data: TenantStore,
  call: Call,
  now: number,
  stored: Stored<typeof CodeSchema>,
): Promise<void> {
  const { record, version } = stored;
  if (record.grantId !== "") return;
  const event = eventOf(
    call,
    now,
    { type: "code", id: record.codeHash, version: version + 1 },
    {
      case: "authorizationCodeVoided",
      value: {
        $typeName: "koder.events.v1.AuthorizationCodeVoided",
        clientId: record.clientId,
        userId: record.userId,
      },
    },
  );
  try {
    await data.commit([remove(codes, stored)], [event]);
  } catch (error) {
    // It was used, or made void by somebody else, since it was read: either way it gives nothing any more.
    if (!(error instanceof Conflict)) throw error;
  }
}
