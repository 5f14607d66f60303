import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/** Voids every session, grant and token of a user, and answers the epoch that counts from now on. */
export async function voidWhatWasIssued(
  { peers }: Pick<IdentityDependencies, "peers">,
  call: Call,
  userId: string,
): Promise<bigint> {
  const { epoch } = await peers
    .client(RevocationService)
    .bumpEpoch({ subject: { case: "userId", value: userId } }, forward(call));
  return epoch;
}
