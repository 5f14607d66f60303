import { createBoundedCache } from "../../host/bounded-cache.ts";
import { withRereadKeys, type ReadKeys } from "../../host/credentials/with-reread-keys.ts";
import type { CausingCall } from "../../host/event.ts";
import { Conflict } from "../../store/store.ts";
import { dueAfter } from "../../vault/commanded-rotation.ts";
import type { SigningAlg, SigningKey } from "../../vault/signing-key.ts";
import { planRotation, type RotationPolicy, type SigningKeyState } from "../../vault/signing-key-ring.ts";
import type { Vault } from "../../vault/vault.ts";
import type { VerificationKey } from "../../vault/verify-jwt.ts";
import { ringOf, stateOf, type KeyRings, type StoredRingKey } from "./key-rings.ts";
import type { KeySchedule } from "./key-schedule.ts";
import { staleFor } from "./rotation-policy.ts";
import { openPrivateKey, openPublicKey } from "./sealed-signing-key.ts";

/** A key that is published, and what it does. */
export interface PublishedKey {
  readonly key: VerificationKey;
  readonly state: SigningKeyState;
}

/** The signing keys of every tenant. */
export interface SigningKeys {
  /** The key that signs; made at a tenant's first need. */
  current(call: CausingCall, alg: SigningAlg): Promise<SigningKey>;
  /** Every key that is published: next, current and retired. */
  published(call: CausingCall): Promise<readonly PublishedKey[]>;
  /**
   * Runs `verify` with the published keys; where it refuses a token for its unknown key, once more with keys that are read
   * anew, at most once a second for a tenant: another replica may just have begun to sign with a new one.
   */
  verify<Claims>(call: CausingCall, verify: (keys: readonly VerificationKey[]) => Claims): Promise<Claims>;
  /** A key that is published no more, but kept for id tokens that come back as hints: it verifies nothing else. */
  past(call: CausingCall, kid: string): Promise<VerificationKey | undefined>;
  /** Makes sure that there is a key that signs, and that somebody sees to its rotation. */
  prepare(call: CausingCall, alg: SigningAlg): Promise<void>;
  /** Looks at the store the next time: the tenant's keys were changed. */
  forget(tenantId: string): void;
}

interface OpenedKey extends PublishedKey {
  /** With the private half, where it still has one. */
  readonly signing: SigningKey | undefined;
}

interface Known extends ReadKeys {
  readonly keys: readonly OpenedKey[];
}

const remembered = { maxEntries: 1_000, ttl: staleFor };
const openedFor = { maxEntries: 4 * remembered.maxEntries, ttl: 3_600_000 };

/**
 * Signing keys in the store. A tenant's list is remembered for five seconds, an opened key for as long as its tenant is
 * remembered. Processes that race to make a key agree through the unique slot: one insert wins, and the others use what it
 * made.
 */
export function createSigningKeys({
  rings,
  schedule,
  policy,
  vault,
  clock,
}: {
  readonly rings: KeyRings;
  readonly schedule: KeySchedule;
  readonly policy: RotationPolicy;
  readonly vault: Vault;
  readonly clock: () => number;
}): SigningKeys {
  const lists = createBoundedCache<Known>({ ...remembered, clock });
  const signing = createBoundedCache<SigningKey>({ ...openedFor, clock });
  const retired = createBoundedCache<VerificationKey>({ ...openedFor, clock });

  const list = ({ tenantId }: CausingCall): Promise<Known> =>
    lists.get(tenantId, async () => {
      const readAt = clock();
      const stored = await rings.read(tenantId);
      return { keys: await Promise.all(stored.map((one) => open(tenantId, one))), readAt };
    });

  async function open(tenantId: string, { record }: StoredRingKey): Promise<OpenedKey> {
    const name = `${tenantId}/${record.kid}`;
    const state = stateOf(record);
    if (record.sealedPrivateKey.length > 0) {
      const key = await signing.get(name, () => openPrivateKey(vault, tenantId, record));
      return { key, state, signing: key };
    }
    // Nothing signs with it any more: this process need not have its private half either.
    signing.delete(name);
    return { key: await retired.get(name, () => openPublicKey(vault, tenantId, record)), state, signing: undefined };
  }

  const currentOf = async (call: CausingCall, alg: SigningAlg): Promise<SigningKey | undefined> =>
    (await list(call)).keys.find((one) => one.state === "current" && one.key.alg === alg)?.signing;

  /** Makes what a ring without a current key needs; the schedule first, so that no key is forgotten. */
  async function make(call: CausingCall, alg: SigningAlg): Promise<void> {
    const ring = await rings.readOf(call.tenantId, alg);
    const { steps } = planRotation(ringOf(ring), clock(), policy);
    // Another process may have made it since the list was read: then nothing is to be done.
    if (steps.length > 0) {
      await schedule.lookBy(call.tenantId, alg, dueAfter(steps, policy));
      try {
        await rings.carryOut(call, alg, { ring, steps });
      } catch (error) {
        if (!(error instanceof Conflict)) throw error; // another process filled the slot first
      }
    }
    lists.delete(call.tenantId);
  }

  async function current(call: CausingCall, alg: SigningAlg): Promise<SigningKey> {
    const key = await currentOf(call, alg);
    if (key !== undefined) return key;
    await make(call, alg);
    const made = await currentOf(call, alg);
    if (made === undefined) throw new Error(`tenant ${call.tenantId} has no current ${alg} key after one was made`);
    return made;
  }

  return {
    current,
    published: async (call) => (await list(call)).keys,
    verify: (call, verify) =>
      withRereadKeys({ cache: lists, tenantId: call.tenantId, read: () => list(call), clock }, ({ keys }) =>
        verify(keys.map(({ key }) => key)),
      ),
    async past({ tenantId }, kid) {
      const stored = await rings.readPast(tenantId, kid);
      return stored === undefined ? undefined : openPublicKey(vault, tenantId, stored.record);
    },
    async prepare(call, alg) {
      await current(call, alg);
      const ring = await rings.readOf(call.tenantId, alg);
      const { planAgainAt } = planRotation(ringOf(ring), clock(), policy);
      await schedule.lookBy(call.tenantId, alg, planAgainAt);
    },
    forget: (tenantId) => lists.delete(tenantId),
  };
}
