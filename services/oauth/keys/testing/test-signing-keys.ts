import type { Store } from "../../../store/store.ts";
import type { Vault } from "../../../vault/vault.ts";
import { createKeyRings } from "../key-rings.ts";
import { createKeySchedule } from "../key-schedule.ts";
import { rotationPolicy } from "../rotation-policy.ts";
import { createSigningKeys, type SigningKeys } from "../signing-keys.ts";

/** The signing keys of a replica on a store, by the policy that the product has, for tests of what stands on them. */
export function testSigningKeys(parts: {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: () => number;
}): SigningKeys {
  const { store, vault, clock } = parts;
  return createSigningKeys({
    rings: createKeyRings({ store, vault, clock }),
    schedule: createKeySchedule({ system: store.system() }),
    policy: rotationPolicy({ signFor: 90 * 86_400_000, maxAge: 300_000 }, 900_000),
    vault,
    clock,
  });
}
