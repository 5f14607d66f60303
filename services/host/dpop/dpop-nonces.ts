import type { Vault } from "../../vault/vault.ts";

/** Nonces for DPoP proofs (RFC 9449 §8). Nobody keeps them: each says when it was made, under a MAC of its tenant's. */
export interface DpopNonces {
  /** A nonce of now. */
  issue(tenantId: string): Promise<string>;
  /** Until when a nonce of ours is good, in milliseconds since the epoch; undefined when it is none, or not any more. */
  goodUntil(tenantId: string, nonce: string): Promise<number | undefined>;
}

/** In milliseconds. A client asks for another by a proof with an old one; answers to good proofs bring it as well. */
const lifetime = 300_000;
/** By how much the clock of the replica that made it may be ahead of ours, in milliseconds. */
const clockTolerance = 5_000;

const use = "dpop-nonce";
const form = /^[A-Za-z0-9_-]{56}$/;
/** Four bytes for the version of the tenant's key, six for the time, 32 for the MAC. */
const [timeAt, macAt] = [4, 10];

/** Makes and reads them. `clock` in milliseconds. */
export function createDpopNonces({
  vault,
  clock,
}: {
  readonly vault: Vault;
  readonly clock: () => number;
}): DpopNonces {
  return {
    async issue(tenantId) {
      const time = Buffer.allocUnsafe(6);
      time.writeUIntBE(clock(), 0, 6);
      const { keyVersion, mac } = (await vault.tenant(tenantId)).mac(use, time);
      const version = Buffer.allocUnsafe(4);
      version.writeUInt32BE(keyVersion);
      return Buffer.concat([version, time, mac]).toString("base64url");
    },
    async goodUntil(tenantId, nonce) {
      if (!form.test(nonce)) return undefined;
      const bytes = Buffer.from(nonce, "base64url");
      const madeAt = bytes.readUIntBE(timeAt, 6);
      const now = clock();
      if (madeAt > now + clockTolerance || now >= madeAt + lifetime) return undefined;
      const version = bytes.readUInt32BE();
      const tenantVault = await vault.tenant(tenantId, version);
      const [time, mac] = [bytes.subarray(timeAt, macAt), bytes.subarray(macAt)];
      return tenantVault.verifyMac(use, version, time, mac) ? madeAt + lifetime : undefined;
    },
  };
}
