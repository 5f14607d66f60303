import { create } from "@bufbuild/protobuf";
import {
  FormerPasswordSchema,
  PasswordHistorySchema,
  type Password,
  type PasswordSchema,
} from "#gen/koder/identity/store/v1/password_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Stored, TenantStore, Write } from "../../store/store.ts";
import { insert, remove, replace } from "../../store/writes.ts";
import { passwordHistories } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { passwordNotAllowed } from "./check-by-policy.ts";
import type { PasswordHash } from "./password-hashing.ts";

/**
 * Refuses a password that its user had before, as far as the tenant's policy looks back. Each former one costs a hash, one after
 * the other, so that whoever changes their password takes one place in the hashing lane. Only people themselves are told:
 * an administrator who sets a password must not learn which ones its user had. Throws PASSWORD_NOT_ALLOWED or HASHING_BUSY.
 */
export async function checkNotUsedBefore(
  { store, hashing }: Pick<IdentityDependencies, "store" | "hashing">,
  call: Call,
  field: string,
  { userId, password, history }: { readonly userId: string; readonly password: string; readonly history: number },
): Promise<void> {
  if (history === 0) return;
  const stored = await store.tenant(call.tenantId).get(passwordHistories, userId);
  for (const former of stored?.record.former.slice(0, history) ?? []) {
    if (await hashing.verify(former, password, call.signal)) {
      const description = `must not be one of the last ${history} passwords before the present one`;
      throw passwordNotAllowed(field, { rule: "used_before", description });
    }
  }
}

/** The same for a new password that may not be the present one either, where a policy looks back at all. */
export async function checkNotUsed(
  dependencies: Pick<IdentityDependencies, "store" | "hashing">,
  call: Call,
  field: string,
  asked: { readonly userId: string; readonly password: string; readonly history: number },
  present: PasswordHash | undefined,
): Promise<void> {
  if (asked.history === 0) return;
  if (present !== undefined && (await dependencies.hashing.verify(present, asked.password, call.signal))) {
    throw passwordNotAllowed(field, unchanged);
  }
  await checkNotUsedBefore(dependencies, call, field, asked);
}

/** The fault of a password that is the present one. */
export const unchanged = { rule: "unchanged", description: "must not be the password that it replaces" } as const;

/** Keeps the password that is replaced for as long as the policy looks back, and no more than that: for the commit that replaces it. */
export async function historyWrites(
  data: TenantStore,
  userId: string,
  before: Stored<typeof PasswordSchema> | undefined,
  history: number,
): Promise<readonly Write[]> {
  const stored = await data.get(passwordHistories, userId);
  if (history === 0) return stored === undefined ? [] : [remove(passwordHistories, stored)];
  const former = [...(before === undefined ? [] : [formerOf(before.record)]), ...(stored?.record.former ?? [])];
  if (former.length === 0) return [];
  const record = create(PasswordHistorySchema, { userId, former: former.slice(0, history) });
  return [
    stored === undefined ? insert(passwordHistories, record) : replace(passwordHistories, record, stored.version),
  ];
}

const formerOf = ({ phc, pepperId, setTime }: Password) =>
  create(FormerPasswordSchema, { phc, pepperId, ...(setTime ? { setTime } : {}) });
