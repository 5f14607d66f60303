import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SigningKeySchema, type SigningKey as StoredKey } from "#gen/koder/oauth/store/v1/signing_key_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Outbound } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Store } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import {
  exportPrivateKey,
  generateSigningKey,
  importSigningKey,
  type SigningAlg,
  type SigningKey,
} from "../../vault/signing-key.ts";
import type { Vault } from "../../vault/vault.ts";
import { signingKeys } from "../collections.ts";

/** What a tenant's key does: it is published before it signs, signs, and stays published until its last token is over. */
export type SigningKeyState = "next" | "current" | "retired";

/** A key that is opened for use, and what it does. */
export interface OpenedKey {
  readonly key: SigningKey;
  readonly state: SigningKeyState;
}

type Caller = Pick<Outbound, "tenantId" | "requestId" | "actor">;

/** The signing keys of every tenant. */
export interface SigningKeys {
  /** The key that signs; made at a tenant's first need. */
  current(call: Caller, alg: SigningAlg): Promise<SigningKey>;
  /** Every key that is published: next, current and retired. */
  published(call: Caller): Promise<readonly OpenedKey[]>;
  /** Makes sure that there is a key in this state. */
  prepare(call: Caller, alg: SigningAlg, state: "next" | "current"): Promise<void>;
  /** Looks at the store the next time: the tenant's keys were changed. */
  forget(tenantId: string): void;
}

const remembered = { maxEntries: 1_000, ttl: 5_000 };
/** Far more than rotation leaves at once. */
const mostKeys = 100;

/**
 * Signing keys in the store, private halves sealed. A tenant's list is remembered for five seconds, an opened key for as
 * long as its tenant is remembered. Processes that race to make a key agree through the unique slot: one insert wins, and
 * the others use what it made.
 */
export function createSigningKeys({
  store,
  vault,
  clock,
}: {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: () => number;
}): SigningKeys {
  const lists = createBoundedCache<readonly OpenedKey[]>({ ...remembered, clock });
  const opened = createBoundedCache<SigningKey>({ maxEntries: 4 * remembered.maxEntries, ttl: 3_600_000, clock });

  const list = ({ tenantId }: Caller) =>
    lists.get(tenantId, async () => {
      const { items } = await store.tenant(tenantId).page(signingKeys, { index: "id", limit: mostKeys });
      return Promise.all(
        items.map(async ({ record }) => ({
          key: await opened.get(`${tenantId}/${record.kid}`, () => open(tenantId, record)),
          state: stateOf(record),
        })),
      );
    });

  async function open(tenantId: string, record: StoredKey): Promise<SigningKey> {
    const tenantVault = await vault.tenant(tenantId);
    const privateKey = tenantVault.open(placeOf(record.kid), record.sealedPrivateKey);
    return importSigningKey({ alg: algOf(record), privateKey });
  }

  async function make(call: Caller, alg: SigningAlg, state: "next" | "current"): Promise<void> {
    const key = await generateSigningKey(alg);
    const tenantVault = await vault.tenant(call.tenantId);
    const now = clock();
    const record = create(SigningKeySchema, {
      kid: key.kid,
      alg,
      state,
      sealedPrivateKey: tenantVault.seal(placeOf(key.kid), exportPrivateKey(key)),
      publicJwk: JSON.stringify(key.publicJwk),
      createTime: timestampFromMs(now),
      ...(state === "current" ? { activateTime: timestampFromMs(now) } : {}),
    });
    const made = eventOf(
      call,
      now,
      { type: "signing_key", id: key.kid, version: 1 },
      { case: "signingKeyChanged", value: { $typeName: "koder.events.v1.SigningKeyChanged", alg, state } },
    );
    try {
      await store.tenant(call.tenantId).commit([insert(signingKeys, record)], [made]);
    } catch (error) {
      if (!(error instanceof Conflict)) throw error; // another process filled the slot first
    }
    lists.delete(call.tenantId);
  }

  const inState = async (call: Caller, alg: SigningAlg, state: SigningKeyState) =>
    (await list(call)).find((one) => one.state === state && one.key.alg === alg)?.key;

  async function prepare(call: Caller, alg: SigningAlg, state: "next" | "current"): Promise<void> {
    if ((await inState(call, alg, state)) === undefined) await make(call, alg, state);
  }

  return {
    prepare,
    published: list,
    forget: (tenantId) => lists.delete(tenantId),
    async current(call, alg) {
      const key = await inState(call, alg, "current");
      if (key !== undefined) return key;
      await prepare(call, alg, "current");
      const made = await inState(call, alg, "current");
      if (made === undefined) throw new Error(`tenant ${call.tenantId} has no current ${alg} key after one was made`);
      return made;
    },
  };
}

const placeOf = (kid: string) => ({ collection: signingKeys.name, id: kid, field: "sealed_private_key" });

function stateOf({ kid, state }: StoredKey): SigningKeyState {
  if (state === "next" || state === "current" || state === "retired") return state;
  throw new Error(`signing key ${kid} is in the unknown state ${JSON.stringify(state)}`);
}

function algOf({ kid, alg }: StoredKey): SigningAlg {
  if (alg === "RS256" || alg === "PS256" || alg === "ES256" || alg === "EdDSA") return alg;
  throw new Error(`signing key ${kid} is for the unknown algorithm ${JSON.stringify(alg)}`);
}
