import { createSecretKey, randomBytes } from "node:crypto";
import { createPageTokens } from "../../../host/page-token.ts";
import { openStore } from "../../../store/open-store.ts";
import type { Store } from "../../../store/store.ts";
import { vaultTenantKeys } from "../../../vault/collections.ts";
import { createVault } from "../../../vault/vault.ts";
import { createSessionSchedule } from "../../browser-sessions/session-schedule.ts";
import { createRecentUses } from "../../browser-sessions/session-use.ts";
import { sessionCollections } from "../../collections.ts";
import { defaultSessionLifetimes, defaultUserCodeAttempts, type SessionDependencies } from "../../dependencies.ts";
import { limits } from "./family-model.ts";

/** Two processes' worth of the session service on one store, whose time stands still until the test moves it. */
export interface Replicas {
  readonly time: { now: number };
  readonly all: readonly [SessionDependencies, SessionDependencies];
  close(): Promise<void>;
}

/** Opens them: each with a store, a vault and what it remembers of its own, but for a store in memory, which is one. */
export async function openReplicas(url: string): Promise<Replicas> {
  const time = { now: Date.UTC(2026, 0, 1) };
  const clock = () => time.now;
  const masterKeys = [{ id: "test", key: createSecretKey(randomBytes(32)) }] as const;
  const collections = [...sessionCollections, vaultTenantKeys] as typeof sessionCollections;
  const open = () => openStore({ url, collections, clock });
  const first = await open();
  const second = url === "memory:" ? first : await open();
  const replica = (store: Store): SessionDependencies => {
    const vault = createVault({ masterKeys, system: store.system(), clock });
    const lifetimes = {
      ...defaultSessionLifetimes,
      session: limits.session,
      code: 60_000,
      codeKept: limits.code - 60_000,
    };
    return {
      store,
      vault,
      pageTokens: createPageTokens(vault),
      sessionSchedule: createSessionSchedule({ system: store.system() }),
      recentUses: createRecentUses(),
      onSessionFault: (error) => {
        throw error;
      },
      clock,
      lifetimes,
      userCodeAttempts: defaultUserCodeAttempts,
    };
  };
  return {
    time,
    all: [replica(first), replica(second)],
    async close() {
      await first.close();
      if (second !== first) await second.close();
    },
  };
}
