import type { Epoch } from "#gen/koder/session/store/v1/epoch_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { epochs } from "../collections.ts";
import { subjectKey } from "./epoch.ts";

/**
 * Version of the consent at which a user last took it back from a client; 0: never. It is kept beside the user's epoch, so
 * that whoever asks whether something is still good reads one record for both.
 */
export const revokedVersion = (ofUser: Epoch | undefined, clientId: string): bigint =>
  ofUser?.revokedConsents.find((revoked) => revoked.clientId === clientId)?.version ?? 0n;

/** The same, read from the store: what is given from now on carries it. */
export async function revokedVersionOf(
  data: TenantStore,
  { userId, clientId }: { readonly userId: string; readonly clientId: string },
): Promise<bigint> {
  return revokedVersion((await data.get(epochs, subjectKey({ user: userId })))?.record, clientId);
}
