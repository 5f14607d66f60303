import type { Adapter, AdapterPayload } from "oidc-provider";

interface Entry {
  payload: AdapterPayload;
  readonly expires: number;
}

const entries = new Map<string, Entry>();
const byGrant = new Map<string, Set<string>>();

/** oidc-provider's storage in memory, as its own but without forgetting what is beyond the thousandth entry. */
export class MapAdapter implements Adapter {
  readonly #model: string;
  constructor(model: string) {
    this.#model = model;
  }
  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const key = this.#key(id);
    entries.set(key, { payload, expires: expiresIn ? Date.now() + expiresIn * 1000 : Number.POSITIVE_INFINITY });
    if (payload.grantId === undefined) return;
    const own = byGrant.get(payload.grantId) ?? new Set();
    byGrant.set(payload.grantId, own.add(key));
  }
  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = entries.get(this.#key(id));
    return entry !== undefined && entry.expires > Date.now() ? entry.payload : undefined;
  }
  async findByUid(): Promise<undefined> {
    return undefined; // sessions and interactions, which the benchmark has none of
  }
  async findByUserCode(): Promise<undefined> {
    return undefined;
  }
  async consume(id: string): Promise<void> {
    const entry = entries.get(this.#key(id));
    if (entry !== undefined) entry.payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) };
  }
  async destroy(id: string): Promise<void> {
    entries.delete(this.#key(id));
  }
  async revokeByGrantId(grantId: string): Promise<void> {
    for (const key of byGrant.get(grantId) ?? []) entries.delete(key);
    byGrant.delete(grantId);
  }
  #key(id: string): string {
    return `${this.#model}/${id}`;
  }
}
