import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { SubjectKeySchema } from "#gen/koder/oauth/store/v1/subject_key_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import { subjectKeys } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";

/** The keys that pairwise subjects are made with. */
export interface SubjectKeys {
  /** That of a tenant; made at its first need. */
  of(tenantId: string): Promise<Uint8Array>;
}

const id = "pairwise";
const place = { collection: subjectKeys.name, id, field: "sealed_key" };
/** It never changes: how long it is remembered only bounds how long it lies in memory unused. */
const remembered = { maxEntries: 1_000, ttl: 3_600_000 };

/**
 * Subject keys in the store, sealed. A key of its own, and not one of the vault's: those are rotated, and every subject would
 * change. Processes that race to make one agree by its id.
 */
export function createSubjectKeys({
  store,
  vault,
  clock,
}: Pick<OauthDependencies, "store" | "vault" | "clock">): SubjectKeys {
  const cache = createBoundedCache<Uint8Array>({ ...remembered, clock });

  async function read(tenantId: string): Promise<Uint8Array | undefined> {
    const stored = await store.tenant(tenantId).get(subjectKeys, id);
    if (stored === undefined) return undefined;
    const { sealedKey } = stored.record;
    return (await vault.tenant(tenantId, versionOfBox(sealedKey))).open(place, sealedKey);
  }

  async function make(tenantId: string): Promise<Uint8Array> {
    const key = new Uint8Array(randomBytes(32));
    const sealedKey = (await vault.tenant(tenantId)).seal(place, key);
    const record = create(SubjectKeySchema, { id, sealedKey, createTime: timestampFromMs(clock()) });
    try {
      await store.tenant(tenantId).commit([insert(subjectKeys, record)], []);
      return key;
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const made = await read(tenantId);
      // Another process made one: there is none only where that was deleted since, with its tenant.
      if (made === undefined) throw error;
      return made;
    }
  }

  return { of: (tenantId) => cache.get(tenantId, async () => (await read(tenantId)) ?? make(tenantId)) };
}
