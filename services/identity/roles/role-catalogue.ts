import type { Role } from "#gen/koder/identity/store/v1/role_pb.ts";
import type { TenantStore } from "../../store/store.ts";
import { roles } from "../collections.ts";
import { builtInRoles } from "./built-in-roles.ts";

/** As many as a tenant may have of its own: they are read, and remembered, all at once. */
export const mostRoles = 500;
/** A little more than the limit: of creations at the same moment, one may go beyond it. */
export const mostRead = mostRoles + 100;

/** Every role of a tenant by id, those that it made and the built-in ones. */
export type RoleCatalogue = ReadonlyMap<string, Role>;

/** Reads the roles of a tenant from the store. */
export async function readRoles(data: TenantStore): Promise<RoleCatalogue> {
  const { items } = await data.page(roles, { index: "id", limit: mostRead });
  return new Map([...items.map(({ record }) => record), ...builtInRoles].map((role) => [role.id, role]));
}

/** The roles that ids name, with all that those include, each once. An id that names none is passed over. */
export function withIncluded(catalogue: RoleCatalogue, ids: Iterable<string>): readonly Role[] {
  const found = new Map<string, Role>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const role = catalogue.get(id);
    if (role === undefined || found.has(id)) continue;
    found.set(id, role);
    waiting.push(...role.includedRoleIds);
  }
  return [...found.values()];
}

/** What roles permit, with all that they include. */
export const permissionsOf = (catalogue: RoleCatalogue, ids: Iterable<string>): ReadonlySet<string> =>
  new Set(withIncluded(catalogue, ids).flatMap(({ permissions }) => permissions));
