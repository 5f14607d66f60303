import type { TenantStore } from "../../store/store.ts";
import { clients } from "../collections.ts";

/** Those of the ids that clients of the tenant have, disabled ones among them, read from the store. */
export async function clientsThatAreThere(
  data: TenantStore,
  clientIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await data.getAll(clients, [...new Set(clientIds)]);
  return new Set(found.flatMap((one) => (one === undefined || one.record.deleteTime ? [] : [one.record.clientId])));
}
