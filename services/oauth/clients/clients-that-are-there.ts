import type { TenantStore } from "../../store/store.ts";
import { clients } from "../collections.ts";

/** As many as the store is asked for at once. */
const atOnce = 100;

/** Those of the ids, of any number, that clients of the tenant have, disabled ones among them, read from the store. */
export async function clientsThatAreThere(
  data: TenantStore,
  clientIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const ids = [...new Set(clientIds)];
  const there = new Set<string>();
  for (let at = 0; at < ids.length; at += atOnce) {
    for (const one of await data.getAll(clients, ids.slice(at, at + atOnce))) {
      if (one !== undefined && !one.record.deleteTime) there.add(one.record.clientId);
    }
  }
  return there;
}
