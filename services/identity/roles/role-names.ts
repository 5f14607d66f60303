import type { Role } from "#gen/koder/identity/store/v1/role_pb.ts";

/** The names that roles have for a client: those of the tenant's, and of its own; each once, sorted. */
export function roleNames(roles: readonly Role[], clientId: string): string[] {
  const names = roles.filter((role) => role.clientId === "" || role.clientId === clientId).map(({ name }) => name);
  return [...new Set(names)].toSorted();
}
