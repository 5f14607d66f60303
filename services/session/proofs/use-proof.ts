import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { UsedProofSchema } from "#gen/koder/session/store/v1/used_proof_pb.ts";
import {
  UseProofResponseSchema,
  type UseProofRequest,
  type UseProofResponse,
} from "#gen/koder/session/v1/proof_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { insert } from "../../store/writes.ts";
import { usedProofs } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";

/** Kept for so long beyond its end, in ms: whoever decides that a proof has ended may have a clock behind ours. */
const margin = 300_000;

/** Uses a one-time proof up by the store's insert-if-absent (security A13). */
export function useProof({ store }: Pick<SessionDependencies, "store">) {
  return async ({ proofId, expireTime }: UseProofRequest, context: HandlerContext): Promise<UseProofResponse> => {
    const until = (expireTime === undefined ? 0 : timestampMs(expireTime)) + margin;
    const used = create(UsedProofSchema, { proofId, expireTime: timestampFromMs(until) });
    const first = await commitUnlessChanged(store.tenant(callOf(context).tenantId), [insert(usedProofs, used)]);
    return create(UseProofResponseSchema, { first });
  };
}
