import { OutboundFailed } from "./outbound-failed.ts";

/** Lets each tenant have its share of what all of them have. */
export interface TenantShares {
  /** Does the work. Throws OutboundFailed `busy` where the tenant has its whole share under way already. */
  run<Result>(tenantId: string, work: () => Promise<Result>): Promise<Result>;
  /** Whether the tenant has its whole share under way. */
  readonly isFull: (tenantId: string) => boolean;
}

/** Shares of `most` things under way at once for each tenant: however many hosts one has us wait for, there is room for others. */
export function createTenantShares(most: number): TenantShares {
  const underWay = new Map<string, number>();
  const of = (tenantId: string): number => underWay.get(tenantId) ?? 0;
  const isFull = (tenantId: string): boolean => of(tenantId) >= most;

  return {
    isFull,
    async run(tenantId, work) {
      if (isFull(tenantId)) throw new OutboundFailed("busy");
      underWay.set(tenantId, of(tenantId) + 1);
      try {
        return await work();
      } finally {
        const left = of(tenantId) - 1;
        if (left === 0) underWay.delete(tenantId);
        else underWay.set(tenantId, left);
      }
    },
  };
}
