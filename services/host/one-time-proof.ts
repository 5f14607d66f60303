import { createHash } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ProofService } from "#gen/koder/session/v1/proof_internal_pb.ts";
import { lengthPrefixed } from "../vault/length-prefixed.ts";
import { forward, type Outbound } from "./call.ts";
import type { Peers } from "./peers.ts";

/** A proof that is good for one use. */
export interface OneTimeProof {
  readonly kind: "client_assertion" | "dpop";
  /** Who made it: `jti` is unique for its maker only. */
  readonly maker: string;
  readonly jti: string;
  /** From when on it is refused anyway, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Uses a proof up, last of all its checks; false when it had been used before (security A13). */
export async function useOnce(
  peers: Peers,
  call: Outbound,
  { kind, maker, jti, expiresAt }: OneTimeProof,
): Promise<boolean> {
  const proofId = createHash("sha256")
    .update(lengthPrefixed(kind, maker, jti))
    .digest("base64url");
  const { first } = await peers
    .client(ProofService)
    .useProof({ proofId, expireTime: timestampFromMs(expiresAt) }, forward(call));
  return first;
}
