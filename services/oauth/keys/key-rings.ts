import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SigningKeySchema, type SigningKey as StoredKey } from "#gen/koder/oauth/store/v1/signing_key_pb.ts";
import { eventOf, type CausingCall } from "../../host/event.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Store, Stored, Write } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { exportPrivateKey, generateSigningKey, type SigningAlg } from "../../vault/signing-key.ts";
import type { RingKey, RotationStep, SigningKeyState } from "../../vault/signing-key-ring.ts";
import type { Vault } from "../../vault/vault.ts";
import { pastSigningKeys, signingKeys } from "../collections.ts";
import { algOf, openPrivateKey, sealedPrivateKey, sealedPublicKey } from "./sealed-signing-key.ts";

/** A key of a ring as it is stored. */
export type StoredRingKey = Stored<typeof SigningKeySchema>;

/** The keys of tenants in the store, changed by steps. */
export interface KeyRings {
  /** Every key of a tenant, as stored now. */
  read(tenantId: string): Promise<readonly StoredRingKey[]>;
  /** Those of one algorithm: a ring. Throws for a key whose algorithm this version does not know. */
  readOf(tenantId: string, alg: SigningAlg): Promise<readonly StoredRingKey[]>;
  /**
   * Carries out the steps of one plan for the keys of one algorithm, which were read as `ring`, all in one commit with
   * their events. Rejects with Conflict when somebody else changed them meanwhile: then nothing was done.
   */
  carryOut(
    call: CausingCall,
    alg: SigningAlg,
    change: { readonly ring: readonly StoredRingKey[]; readonly steps: readonly RotationStep[] },
  ): Promise<void>;
  /** A key that has left the ring in order, and of which the public half is kept. */
  readPast(tenantId: string, kid: string): Promise<StoredRingKey | undefined>;
  /** Forgets what is kept of the keys of one algorithm that have left the ring. */
  forgetPast(tenantId: string, alg: SigningAlg): Promise<void>;
}

/** More than the limit on rotations lets there be. */
const mostKeys = 1_000;
/** Keys that are forgotten in one commit. */
const batch = 100;

/** Makes room before it takes it: at most one key of an algorithm is next, and one current. */
const order: Readonly<Record<RotationStep["step"], number>> = {
  delete: 0,
  unpublish: 0,
  retire: 1,
  promote: 2,
  "bring forward": 3,
  create: 4,
};

/** Key rings over the store; private halves are sealed, and destroyed when their key stops signing. `clock` in ms. */
export function createKeyRings({
  store,
  vault,
  clock,
}: {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: () => number;
}): KeyRings {
  async function newKey(tenantId: string, alg: SigningAlg, made: Extract<RotationStep, { step: "create" }>) {
    const key = await generateSigningKey(alg);
    return create(SigningKeySchema, {
      kid: key.kid,
      alg,
      state: made.state,
      sealedPrivateKey: sealedPrivateKey(await vault.tenant(tenantId), key.kid, exportPrivateKey(key)),
      publicJwk: JSON.stringify(key.publicJwk),
      createTime: timestampFromMs(made.createTime),
      ...(made.state === "current" ? { activateTime: timestampFromMs(made.activateTime) } : {}),
      ...(made.state === "next" && made.promoteTime !== undefined
        ? { promoteTime: timestampFromMs(made.promoteTime) }
        : {}),
    });
  }

  /** The record of a key after a step. Its private half is sealed anew, by the tenant's newest key, or destroyed. */
  async function changed(
    tenantId: string,
    { record }: StoredRingKey,
    one: Exclude<RotationStep, { step: "create" | "unpublish" | "delete" }>,
  ): Promise<StoredKey> {
    if (one.step === "bring forward") return { ...record, promoteTime: timestampFromMs(one.promoteTime) };
    const key = await openPrivateKey(vault, tenantId, record);
    const tenantVault = await vault.tenant(tenantId);
    if (one.step === "promote") {
      const sealed = sealedPrivateKey(tenantVault, record.kid, exportPrivateKey(key));
      const { promoteTime: _promoteTime, ...others } = record;
      return {
        ...others,
        state: "current",
        sealedPrivateKey: sealed,
        activateTime: timestampFromMs(one.activateTime),
      };
    }
    return {
      ...record,
      state: "retired",
      sealedPrivateKey: new Uint8Array(),
      sealedPublicKey: sealedPublicKey(tenantVault, key),
      retireTime: timestampFromMs(one.retireTime),
    };
  }

  async function read(tenantId: string): Promise<readonly StoredRingKey[]> {
    const { items } = await store.tenant(tenantId).page(signingKeys, { index: "id", limit: mostKeys });
    return items;
  }

  return {
    read,
    readOf: async (tenantId, alg) => (await read(tenantId)).filter(({ record }) => algOf(record) === alg),
    async carryOut(call, alg, { ring, steps }) {
      const { tenantId } = call;
      const now = clock();
      const event = (kid: string, version: number, state: SigningKeyState | "deleted") =>
        eventOf(
          call,
          now,
          { type: "signing_key", id: kid, version },
          { case: "signingKeyChanged", value: { $typeName: "koder.events.v1.SigningKeyChanged", alg, state } },
        );
      const writes: Write[] = [];
      const events: ReturnType<typeof event>[] = [];
      for (const one of steps.toSorted((a, b) => order[a.step] - order[b.step])) {
        if (one.step === "create") {
          const record = await newKey(tenantId, alg, one);
          writes.push(insert(signingKeys, record));
          events.push(event(record.kid, 1, one.state));
          continue;
        }
        const stored = ring.find(({ record }) => record.kid === one.kid);
        if (stored === undefined) throw new Error(`the plan names the key ${one.kid}, which is not in the ring`);
        if (one.step === "unpublish" || one.step === "delete") {
          if (one.step === "unpublish") writes.push(insert(pastSigningKeys, stored.record));
          writes.push(remove(signingKeys, stored));
          events.push(event(one.kid, stored.version + 1, "deleted"));
          continue;
        }
        const record = await changed(tenantId, stored, one);
        writes.push(replace(signingKeys, record, stored.version));
        events.push(event(one.kid, stored.version + 1, stateOf(record)));
      }
      await store.tenant(tenantId).commit(writes, events);
    },
    readPast: (tenantId, kid) => store.tenant(tenantId).get(pastSigningKeys, kid),
    async forgetPast(tenantId, alg) {
      const tenant = store.tenant(tenantId);
      for (;;) {
        const { items } = await tenant.page(pastSigningKeys, { index: "alg", equals: alg, limit: batch });
        if (items.length === 0) return;
        await commitUnlessChanged(
          tenant,
          items.map((stored) => remove(pastSigningKeys, stored)),
        );
      }
    },
  };
}

/** The keys of one algorithm as the planner knows them. */
export function ringOf(keys: readonly StoredRingKey[]): readonly RingKey[] {
  return keys.map(({ record }): RingKey => {
    const { kid } = record;
    const time = (at: StoredKey["createTime"]) => (at === undefined ? 0 : timestampMs(at));
    const createTime = time(record.createTime);
    switch (stateOf(record)) {
      case "next":
        return {
          kid,
          state: "next",
          createTime,
          ...(record.promoteTime === undefined ? {} : { promoteTime: timestampMs(record.promoteTime) }),
        };
      case "current":
        return { kid, state: "current", createTime, activateTime: time(record.activateTime) };
      case "retired":
        return { kid, state: "retired", createTime, retireTime: time(record.retireTime) };
    }
  });
}

/** What a stored key does. Throws for a state that this version does not know. */
export function stateOf({ kid, state }: StoredKey): SigningKeyState {
  if (state === "next" || state === "current" || state === "retired") return state;
  throw new Error(`signing key ${kid} is in the unknown state ${JSON.stringify(state)}`);
}
