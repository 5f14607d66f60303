import { everyPermission } from "./held-permissions.ts";

/**
 * The permissions that calls of this system need, as the contract's `access` options name them (a test compares), and the one that
 * stands for all. As a scope, each lets an application do here what its person, or its roles, may: whoever gives a client such a
 * scope gives it that.
 */
export const ownPermissions: ReadonlySet<string> = new Set([
  everyPermission,
  ...[
    "api_keys",
    "branding",
    "clients",
    "consents",
    "factors",
    "groups",
    "keys",
    "logout_deliveries",
    "mail_server",
  ].flatMap(both),
  ...["policies", "resource_servers", "roles", "sessions", "tenants", "tokens", "users"].flatMap(both),
  "audit.read",
  "roles.assign",
  "system.read",
  "users.export",
]);

/** Those scopes that permit something here; the others are of APIs, or speak of a person. */
export const permissionsAmong = (scopes: Iterable<string>): readonly string[] =>
  [...scopes].filter((scope) => ownPermissions.has(scope));

function both(resource: string): readonly string[] {
  return [`${resource}.read`, `${resource}.write`];
}
