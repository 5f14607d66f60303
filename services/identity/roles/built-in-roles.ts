import { create } from "@bufbuild/protobuf";
import { RoleSchema, type Role } from "#gen/koder/identity/store/v1/role_pb.ts";
import { everyPermission } from "../../host/held-permissions.ts";

const reads = (...resources: string[]): string[] => resources.map((resource) => `${resource}.read`);
const both = (...resources: string[]): string[] =>
  resources.flatMap((resource) => [`${resource}.read`, `${resource}.write`]);

const ofPeople = ["users", "groups", "sessions", "consents", "factors", "tokens"];
const ofClients = ["clients", "resource_servers", "logout_deliveries"];

const builtIn = (name: string, displayName: string, description: string, permissions: readonly string[]): Role =>
  create(RoleSchema, { id: name, name, displayName, description, permissions: [...permissions] });

/**
 * The roles that every tenant has, under their names as ids. What they permit ends at the tenant: none of them has INSTANCE
 * authority (security A32).
 */
export const builtInRoles: readonly Role[] = [
  builtIn("owner", "Owner", "Does everything in the tenant.", [everyPermission]),
  builtIn("user-admin", "User administrator", "Manages people, their groups, sessions and roles.", [
    ...both(...ofPeople),
    ...reads("roles"),
    "roles.assign",
    "users.export",
  ]),
  builtIn("client-admin", "Client administrator", "Manages applications, the APIs that they call, and signing keys.", [
    ...both(...ofClients, "policies", "keys"),
  ]),
  builtIn("auditor", "Auditor", "Reads everything, changes nothing.", [
    ...reads(...ofPeople, ...ofClients, "roles", "policies", "keys", "branding", "mail_server", "audit", "api_keys"),
  ]),
  builtIn("support", "Support", "Looks people up and signs them out.", [...reads(...ofPeople), "sessions.write"]),
];

/** Whether an id or a name is one of theirs. */
export const isBuiltIn = (idOrName: string): boolean => builtInRoles.some(({ id }) => id === idOrName);
