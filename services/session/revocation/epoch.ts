import type { TenantStore } from "../../store/store.ts";
import { epochs } from "../collections.ts";

/** Whose tokens an epoch counts for. */
export type EpochSubject = { readonly user: string } | { readonly client: string };

/** The id of a subject's record. */
export const subjectKey = (subject: EpochSubject): string =>
  "user" in subject ? `user/${subject.user}` : `client/${subject.client}`;

/** The epoch of a subject: read from the store at every use, never remembered (docs/architecture.md, one rule). */
export async function epochOf(store: TenantStore, subject: EpochSubject): Promise<bigint> {
  const stored = await store.get(epochs, subjectKey(subject));
  return stored?.record.epoch ?? 0n;
}
