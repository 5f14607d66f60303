import type { FieldViolation } from "../../host/failure.ts";
import type { TenantStore } from "../../store/store.ts";
import { clientsThatAreThere } from "../clients/clients-that-are-there.ts";
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
  const there = await clientsThatAreThere(
    data,
    named.map(({ id }) => id),
  );
  return named
    .filter(({ id }) => !there.has(id))
    .map(({ field }) => ({ field, description: "must be a client of the tenant" }));
}

/** What a list names that it did not name before, each by its place. */
const added = (name: string, ids: readonly string[], before: readonly string[]) =>
  ids.flatMap((id, at) => (before.includes(id) ? [] : [{ id, field: `resource_server.${name}[${at}]` }]));
