import type { Vault } from "../../vault/vault.ts";
import type { Outbound } from "../call.ts";
import { useOnce } from "../one-time-proof.ts";
import type { Peers } from "../peers.ts";
import { createDpopNonces } from "./dpop-nonces.ts";
import { checkDpopProof, type DpopExpectation } from "./dpop-proof.ts";
import { DpopRefused } from "./dpop-refused.ts";

/** A proof that is good, and not used up yet. */
export interface CheckedDpopProof {
  /** Thumbprint of its key. */
  readonly jkt: string;
  readonly jti: string;
  /** From when on it is refused anyway, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Verifies DPoP proofs (RFC 9449). Each needs a nonce of ours, so that none can be made in advance. */
export interface DpopVerifier {
  /** Checks a proof for a request, and writes nothing. Throws DpopRefused. */
  check(call: Outbound, proof: string, expected: Omit<DpopExpectation, "now">): Promise<CheckedDpopProof>;
  /** Uses a proof up, last of all checks of a request. Throws DpopRefused where it was used before. */
  use(call: Outbound, proof: CheckedDpopProof): Promise<void>;
  /** A nonce for the client's next proof. */
  nonce(call: Pick<Outbound, "tenantId">): Promise<string>;
}

/** Proofs over the peers' memory of used ones. `clock` in milliseconds. */
export function createDpopVerifier({
  vault,
  peers,
  clock,
}: {
  readonly vault: Vault;
  readonly peers: Peers;
  readonly clock: () => number;
}): DpopVerifier {
  const nonces = createDpopNonces({ vault, clock });
  return {
    async check(call, text, expected) {
      const { jkt, jti, nonce } = await checkDpopProof(text, { ...expected, now: clock() });
      const expiresAt = nonce === undefined ? undefined : await nonces.goodUntil(call.tenantId, nonce);
      if (expiresAt === undefined)
        throw new DpopRefused("use_dpop_nonce", "the DPoP proof needs the nonce of DPoP-Nonce");
      return { jkt, jti, expiresAt };
    },
    async use(call, { jkt, jti, expiresAt }) {
      if (await useOnce(peers, call, { kind: "dpop", maker: jkt, jti, expiresAt })) return;
      throw new DpopRefused("invalid_dpop_proof", "the DPoP proof was used before: its jti is not new");
    },
    nonce: ({ tenantId }) => nonces.issue(tenantId),
  };
}
