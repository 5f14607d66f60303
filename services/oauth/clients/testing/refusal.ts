import { ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "#gen/google/rpc/error_details_pb.ts";
import { errorInfoOf } from "../../../host/interceptors/error-mapping.ts";

/** Why a call was refused: reason and the fields named. Throws when it was not refused by a reason of ours. */
export async function refusal(call: Promise<unknown>): Promise<{ reason: string; fields: string[] }> {
  const error = await call.then(
    () => new Error("the call was not refused"),
    (thrown: unknown) => thrown,
  );
  const info = error instanceof ConnectError ? errorInfoOf(error) : undefined;
  if (!(error instanceof ConnectError) || info === undefined) throw error;
  const requests = error.findDetails(BadRequestSchema);
  return {
    reason: info.reason,
    fields: requests.flatMap(({ fieldViolations }) => fieldViolations.map(({ field }) => field)),
  };
}
