import type { Flow } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { stepNotExpected } from "./open-flow.ts";

/** What a flow proved is void once its user was voided: disabled, or given another password (security A8). */
export async function checkStillGood(
  { peers }: Pick<AuthDependencies, "peers">,
  call: Call,
  { userId, userEpoch }: Flow,
): Promise<void> {
  const current = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
  if (current.userEpoch !== userEpoch) throw stepNotExpected();
}
