import type { TenantStore } from "../../store/store.ts";

/**
 * The number of a tenant's last event; 0 where there is none. Numbers have no gap, so that the end is where one is there and the
 * next is not: found by doubling, then by halving, in some twenty reads by key among a million.
 */
export async function lastNumber(data: Pick<TenantStore, "events">): Promise<number> {
  const isThere = async (number: number): Promise<boolean> => (await data.events(number - 1, 1)).length > 0;
  if (!(await isThere(1))) return 0;
  let [there, beyond] = [1, 2];
  while (await isThere(beyond)) [there, beyond] = [beyond, beyond * 2];
  while (beyond - there > 1) {
    const middle = Math.floor((there + beyond) / 2);
    if (await isThere(middle)) there = middle;
    else beyond = middle;
  }
  return there;
}
