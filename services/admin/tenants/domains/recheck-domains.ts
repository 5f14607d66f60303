import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { TenantDomainSchema } from "#gen/koder/admin/store/v1/tenant_domain_pb.ts";
import { ownWork } from "../../../host/call.ts";
import { commitUnlessChanged } from "../../../store/commit-unless-changed.ts";
import type { Stored } from "../../../store/store.ts";
import { replace } from "../../../store/writes.ts";
import { ulid } from "../../../vault/random.ts";
import { tenantDomains } from "../../collections.ts";
import type { AdminDependencies } from "../../dependencies.ts";
import { domainChanged } from "./domain-event.ts";
import { proofOf } from "./domain-name.ts";

/** How often the proof of a domain is looked for, in milliseconds. */
export const checkAgainIn = 86_400_000;
/** How often in a row it may be missing: somebody who tidies up their records has two days to notice. */
const mostMissing = 3;
/** Where the name servers do not answer, which says nothing of the proof, in milliseconds. */
const askAgainIn = 3_600_000;
/** Between two looks for domains that are due, in milliseconds; how many are asked about at once. */
const [pause, batch] = [60_000, 20];

type Needs = Pick<AdminDependencies, "system" | "resolveTxt" | "onTenantFault" | "onProofMissing" | "clock">;

/** A domain whose proof was looked for and not found. */
export interface MissingProof {
  readonly tenantId: string;
  readonly domain: string;
  /** Where the record should be. */
  readonly recordName: string;
  /** How often in a row it was missing. */
  readonly missing: number;
  /** Whether the tenant does not answer there any more. */
  readonly lapsed: boolean;
}

/**
 * One step of looking whether the proofs of domains are still there: a name that a tenant has let go of must not be theirs here
 * when it is somebody else's there (security A30). Answers how long to wait.
 */
export function recheckDomains({
  system,
  resolveTxt,
  onTenantFault,
  onProofMissing,
  clock,
}: Needs): () => Promise<number> {
  async function recheck({ record: before, version }: Stored<typeof TenantDomainSchema>): Promise<void> {
    const { name, value } = proofOf(before);
    const found = await resolveTxt(name).catch(() => undefined);
    const now = clock();
    const { nextCheckTime: _nextCheckTime, ...kept } = before;
    const next = (wait: number) => ({ nextCheckTime: timestampFromMs(now + wait) });
    const looked = { ...kept, checkTime: timestampFromMs(now) };
    const missing = before.missing + 1;
    const lapses = found !== undefined && !found.includes(value) && missing >= mostMissing;
    const record = create(TenantDomainSchema, after());
    const work = ownWork({ service: "admin", tenantId: before.tenantId, requestId: ulid(now), deadline: now });
    const event = domainChanged(system, work, now, record, version + 1, lapses ? "lapsed" : "verified");
    const isDone = await commitUnlessChanged(system, [replace(tenantDomains, record, version)], [event]);
    const { tenantId, domain } = record;
    if (isDone && record.missing > before.missing) {
      onProofMissing({ tenantId, domain, recordName: name, missing, lapsed: lapses });
    }

    function after() {
      if (found === undefined) return { ...kept, ...next(askAgainIn) };
      if (found.includes(value)) return { ...looked, missing: 0, ...next(checkAgainIn) };
      return lapses
        ? { ...looked, missing, serving: false, lapsed: true }
        : { ...looked, missing, ...next(checkAgainIn) };
    }
  }

  return async () => {
    const due = { index: "next_check_time", range: { to: clock() + 1 }, limit: batch } as const;
    const { items } = await system.page(tenantDomains, due);
    const done = await Promise.allSettled(items.map((stored) => recheck(stored)));
    for (const [at, outcome] of done.entries()) {
      if (outcome.status === "rejected") onTenantFault(outcome.reason, items[at]?.record.tenantId ?? "");
    }
    return items.length === batch && done.every(({ status }) => status === "fulfilled") ? 0 : pause;
  };
}
