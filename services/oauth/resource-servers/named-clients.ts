import type { FieldViolation } from "../../host/failure.ts";
import type { TenantStore } from "../../store/store.ts";
import { clients } from "../collections.ts";
import type { ResourceServerSettings } from "./resource-server-settings.ts";

type Named = Pick<ResourceServerSettings, "allowedClientIds" | "introspectionClientIds">;

/**
 * The clients that a resource server names and that the tenant does not have, each as a violation. What it named `before` may stay:
 * a client that was deleted since can do nothing there, and nobody is given its id again.
 */
export async function namedClientFaults(
  data: TenantStore,
  server: Named,
  before: Named = { allowedClientIds: [], introspectionClientIds: [] },
): Promise<readonly FieldViolation[]> {
  const named = [
    ...added("allowed_client_ids", server.allowedClientIds, before.allowedClientIds),
    ...added("introspection_client_ids", server.introspectionClientIds, before.introspectionClientIds),
  ];
  if (named.length === 0) return [];
  const ids = [...new Set(named.map(({ id }) => id))];
  const found = await data.getAll(clients, ids);
  const there = new Set(
    found.flatMap((one) => (one === undefined || one.record.deleteTime ? [] : [one.record.clientId])),
  );
  return named
    .filter(({ id }) => !there.has(id))
    .map(({ field }) => ({ field, description: "must be a client of the tenant" }));
}

/** What a list names that it did not name before, each by its place. */
const added = (name: string, ids: readonly string[], before: readonly string[]) =>
  ids.flatMap((id, at) => (before.includes(id) ? [] : [{ id, field: `resource_server.${name}[${at}]` }]));
