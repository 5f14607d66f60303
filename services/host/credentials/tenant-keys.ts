import { MetadataService } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { verificationKey, type VerificationKey } from "../../vault/verify-jwt.ts";
import { isSigningAlg } from "../../vault/signing-key.ts";
import type { LogEntry } from "../../store/store.ts";
import { createBoundedCache } from "../bounded-cache.ts";
import { forward, type Outbound } from "../call.ts";
import { deadlines } from "../interceptors/deadline.ts";
import type { Peers } from "../peers.ts";
import { withRereadKeys, type ReadKeys } from "./with-reread-keys.ts";

/** The public keys of tenants, for verifying. */
export interface TenantKeys {
  /**
   * Runs `verify` with the keys of the call's tenant; where it refuses a token for its unknown key, once more with keys that
   * are read anew, at most once a second for a tenant.
   */
  verify<Claims>(call: Outbound, verify: (keys: readonly VerificationKey[]) => Claims): Promise<Claims>;
  /** Reads the keys of a tenant anew of which an event tells that they changed. */
  readonly forget: (entry: LogEntry) => void;
}

interface Known extends ReadKeys {
  readonly keys: readonly VerificationKey[];
}

const remembered = { maxEntries: 1_000, ttl: 5_000 };

/** Keys as the oauth service publishes them, read there for us, and remembered for at most five seconds. */
export function createTenantKeys({
  peers,
  clock,
}: {
  readonly peers: Peers;
  readonly clock: () => number;
}): TenantKeys {
  const cache = createBoundedCache<Known>({ ...remembered, clock });
  // Key objects are made once: building one costs more than verifying with it. Which of them count is the list's to say; a
  // kid is a thumbprint (RFC 7638) and never stands for another key.
  const made = createBoundedCache<VerificationKey>({ maxEntries: 4_000, ttl: 3_600_000, clock });

  const read = (call: Outbound): Promise<Known> =>
    cache.get(call.tenantId, async () => {
      // Whoever asks first asks for all: neither their cancelling nor their haste ends it for the others.
      const { signal: _signal, ...outbound } = { ...call, deadline: clock() + deadlines.usual };
      const { keys } = await peers.client(MetadataService).getKeys({}, forward(outbound));
      const usable = await Promise.all(
        keys.flatMap(({ kid, alg, kty, n, e, crv, x, y }) =>
          isSigningAlg(alg)
            ? [
                made.get(`${call.tenantId}/${kid}`, async () =>
                  verificationKey(
                    kid,
                    alg,
                    kty === "RSA" ? { kty, n, e } : { kty, crv, x, ...(y === "" ? {} : { y }) },
                  ),
                ),
              ]
            : [],
        ),
      );
      return { keys: usable, readAt: clock() };
    });

  return {
    forget({ tenantId, event }) {
      if (event.resourceType === "signing_key") cache.delete(tenantId);
    },
    verify: (call, verify) =>
      withRereadKeys({ cache, tenantId: call.tenantId, read: () => read(call), clock }, ({ keys }) => verify(keys)),
  };
}
