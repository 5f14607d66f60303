import { ClientTombstoneService } from "#gen/koder/oauth/v1/client_tombstone_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { FieldViolation } from "../../host/failure.ts";
import type { IdentityDependencies } from "../dependencies.ts";

/**
 * What is wrong with a client that a role is for, or is given to; `field` names it in the request. One that is not there yet is
 * right; one that was deleted never comes back, so that the role would be left for ever.
 */
export async function clientFaults(
  { peers }: Pick<IdentityDependencies, "peers">,
  call: Call,
  clientId: string,
  field: string,
): Promise<readonly FieldViolation[]> {
  if (clientId === "") return [];
  const { deleted } = await peers.client(ClientTombstoneService).getClientTombstone({ clientId }, forward(call));
  return deleted ? [{ field, description: "must not be of a client that was deleted" }] : [];
}
