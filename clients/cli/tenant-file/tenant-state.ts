import { toJson, type JsonObject, type JsonValue, type Message } from "@bufbuild/protobuf";
import { pages } from "../../core/pages.ts";
import {
  attributesOf,
  clientsOfServer,
  lists,
  roleName,
  singleKeys,
  singles,
  text,
  type ListKey,
  type Section,
  type SingleKey,
} from "./sections.ts";
import type { TenantServices } from "./tenant-services.ts";

/** One resource as the tenant has it. */
export interface Existing {
  readonly id: string;
  /** Empty where it has none. */
  readonly etag: string;
  readonly name: string;
  /** Its fields as protobuf JSON, without those that no file has. */
  readonly json: JsonObject;
  /** Its links: the names of others, each with the id by which the link is taken back. */
  readonly links: Readonly<Record<string, ReadonlyMap<string, string>>>;
  /** Whether nobody can change it, or it is not for a file to keep: a built-in role, a client that registered itself. */
  readonly fixed: boolean;
}

/** A tenant as it is. */
export interface TenantState {
  readonly lists: Readonly<Record<ListKey, readonly Existing[]>>;
  readonly singles: Readonly<Partial<Record<SingleKey, JsonObject>>>;
  /** Their etags; the server has one also of what is the default. */
  readonly etags: Readonly<Partial<Record<SingleKey, string>>>;
  /** The etags of the mails that the tenant has no template of its own for, by the name that it would have. */
  readonly usualMails: ReadonlyMap<string, string>;
  /** Those of them whose secret is stored. */
  readonly secrets: ReadonlySet<SingleKey>;
}

/** Calls at a time. */
const atOnce = 8;

/**
 * Reads a tenant by the public RPCs. Links are read of those that `linksOf` names, because each costs a call, and further up from
 * the groups that `outerGroups` names, because a circle may close through groups of which nothing is said; the section
 * `tenant` needs authority over the instance, and is read when `wantsTenant`; `branding` and `mail_templates` have permissions
 * of their own, and are read when `wantsBranding`; so has `mail_server`.
 */
export async function readTenantState(
  services: TenantServices,
  {
    linksOf,
    outerGroups,
    wantsTenant,
    wantsBranding,
    wantsMailServer,
  }: {
    linksOf: (key: ListKey, name: string) => boolean;
    outerGroups: readonly string[];
    wantsTenant: boolean;
    wantsBranding: boolean;
    wantsMailServer: boolean;
  },
): Promise<TenantState> {
  const { clients, resourceServers, roles, groups } = services;
  const size = { pageSize: 200 };
  const [
    allClients,
    allServers,
    allRoles,
    allGroups,
    oauth,
    authentication,
    passwords,
    usernames,
    attributes,
    branding,
    mails,
    sender,
    mailServer,
    tenant,
  ] = await Promise.all([
    Array.fromAsync(pages(clients.listClients, size, (page) => page.clients)),
    Array.fromAsync(pages(resourceServers.listResourceServers, size, (page) => page.resourceServers)),
    Array.fromAsync(pages(roles.listRoles, size, (page) => page.roles)),
    Array.fromAsync(pages(groups.listGroups, size, (page) => page.groups)),
    services.oauthPolicy.getOAuthPolicy({}),
    services.authenticationPolicy.getAuthenticationPolicy({}),
    services.passwordPolicy.getPasswordPolicy({}),
    services.usernamePolicy.getUsernamePolicy({}),
    services.attributeSchema.getAttributeSchema({}),
    wantsBranding ? services.branding.getBranding({}) : undefined,
    wantsBranding ? services.mailTemplates.listMailTemplates({}) : undefined,
    wantsBranding ? services.mailSettings.getMailSettings({}) : undefined,
    wantsMailServer ? services.mailServer.getMailServer({}) : undefined,
    wantsTenant ? services.tenants.getTenant({ tenantId: services.tenantId ?? "" }) : undefined,
  ]);
  const everyMail = mails?.mailTemplates ?? [];
  const [ownMails, usualMails] = [everyMail.filter(({ own }) => own), everyMail.filter(({ own }) => !own)];
  const answered: Readonly<Record<SingleKey, (Message & { readonly etag: string }) | undefined>> = {
    oauth_policy: oauth.policy,
    authentication_policy: authentication.policy,
    password_policy: passwords.policy,
    username_policy: usernames.policy,
    attribute_schema: attributes.attributeSchema,
    branding: branding?.branding,
    mail_settings: sender?.mailSettings,
    mail_server: mailServer?.mailServer,
    tenant: tenant?.tenant,
  };
  const once = singleKeys.flatMap((key) => {
    const message = answered[key];
    return message === undefined ? [] : [[key, message] as const];
  });
  const clientIds = new Set(allClients.map(({ clientId }) => clientId));
  const attributeNames = attributesOf(attributes.attributeSchema?.schema);
  const roleNames = new Map(allRoles.map(({ id, name, clientId }) => [id, roleName(name, clientId)]));

  /** The roles given to a group or a client itself, by the id of the assignment. */
  async function rolesOf(subject: { groupId: string } | { clientId: string }): Promise<ReadonlyMap<string, string>> {
    const given = pages(roles.listRoleAssignments, { ...size, ...subject }, (page) => page.assignments);
    const found = new Map<string, string>();
    for await (const { id, roleId } of given) {
      const name = roleNames.get(roleId);
      if (name !== undefined) found.set(name, `${roleId}/${id}`);
    }
    return found;
  }
  async function outerOf(memberGroupId: string): Promise<ReadonlyMap<string, string>> {
    const outer = await Array.fromAsync(pages(groups.listGroups, { ...size, memberGroupId }, (page) => page.groups));
    return new Map(outer.map(({ id, name }) => [name.toLowerCase(), id]));
  }
  /** Groups, some of them by name with those that they are in, and so on. */
  async function withOuter(existing: readonly Existing[], names: readonly string[]): Promise<readonly Existing[]> {
    const byName = new Map(existing.map((one) => [one.name, one]));
    const read = new Map<string, Existing>();
    for (let level = [...new Set(names)]; level.length > 0;) {
      const found = await each(
        level.flatMap((name) => byName.get(name) ?? []),
        async (group) => {
          const outer = group.links["member_of"] ?? (await outerOf(group.id));
          read.set(group.name, { ...group, links: { ...group.links, member_of: outer } });
          return [...outer.keys()];
        },
      );
      level = [...new Set(found.flat())].filter((name) => !read.has(name));
    }
    return existing.map((one) => read.get(one.name) ?? one);
  }

  return {
    lists: {
      clients: await each(allClients, async (client) => {
        const json = withoutGoneMappers(shown(lists.clients, client), attributeNames);
        const wanted = linksOf("clients", client.clientId);
        const links = wanted ? { roles: await rolesOf({ clientId: client.clientId }) } : {};
        const { clientId: id, etag, dynamicallyRegistered: fixed } = client;
        return { id, etag, name: lists.clients.nameOf(json), json, links, fixed };
      }),
      resource_servers: allServers.map((server) => {
        const json = withoutGoneMappers(
          withoutGoneClients(shown(lists.resource_servers, server), clientIds),
          attributeNames,
        );
        const { id, etag } = server;
        return { id, etag, name: lists.resource_servers.nameOf(json), json, links: {}, fixed: false };
      }),
      roles: allRoles.map((role) => {
        const json = shown(lists.roles, role);
        const included = role.includedRoleIds.flatMap((id): [string, string][] => {
          const name = roleNames.get(id);
          return name === undefined ? [] : [[name, id]];
        });
        const { id, etag, builtIn: fixed } = role;
        return { id, etag, name: lists.roles.nameOf(json), json, links: { included_roles: new Map(included) }, fixed };
      }),
      groups: await withOuter(
        await each(allGroups, async (group) => {
          const json = shown(lists.groups, group);
          const { id, etag } = group;
          const name = lists.groups.nameOf(json);
          const links = linksOf("groups", name)
            ? { member_of: await outerOf(id), roles: await rolesOf({ groupId: id }) }
            : {};
          return { id, etag, name, json, links, fixed: false };
        }),
        outerGroups,
      ),
      mail_templates: ownMails.map((template) => {
        const json = shown(lists.mail_templates, template);
        const name = lists.mail_templates.nameOf(json);
        return { id: name, etag: template.etag, name, json, links: {}, fixed: false };
      }),
    },
    singles: Object.fromEntries(once.map(([key, message]) => [key, shownOnce(key, message, clientIds)])),
    etags: Object.fromEntries(once.map(([key, { etag }]) => [key, etag])),
    usualMails: new Map(usualMails.map(({ kind, language, etag }) => [`${kind}/${language}`, etag])),
    secrets: new Set(mailServer?.mailServer?.passwordSet ? (["mail_server"] as const) : []),
  };
}

/** What there is once, as a file has it. */
function shownOnce(key: SingleKey, message: Message, clientIds: ReadonlySet<string>): JsonObject {
  const json = shown(singles[key], message);
  return key === "authentication_policy" ? withGroupNames(withoutGoneOverrides(json, clientIds)) : json;
}

/** A policy that names groups by name alone, since ids differ from tenant to tenant. */
function withGroupNames(policy: JsonObject): JsonObject {
  const overrides = policy["group_overrides"];
  if (!Array.isArray(overrides)) return policy;
  const named = (overrides as JsonObject[]).map((override): JsonObject =>
    Object.fromEntries(Object.entries(override).filter(([name]) => name !== "group_id")),
  );
  return { ...policy, group_overrides: named };
}

/** A policy that says nothing of clients that were deleted since. */
function withoutGoneOverrides(
  { client_overrides: overrides, ...policy }: JsonObject,
  there: ReadonlySet<string>,
): JsonObject {
  const left = Array.isArray(overrides)
    ? (overrides as JsonObject[]).filter((override) => there.has(text(override, "client_id")))
    : [];
  return left.length === 0 ? policy : { ...policy, client_overrides: left };
}

/** A resource server without the clients that were deleted since, of which no file can make one again. */
function withoutGoneClients(server: JsonObject, there: ReadonlySet<string>): JsonObject {
  const members = Object.entries(server).map(([name, value]): [string, JsonValue] =>
    clientsOfServer.includes(name) && Array.isArray(value)
      ? [name, value.filter((id) => typeof id === "string" && there.has(id))]
      : [name, value],
  );
  return Object.fromEntries(members.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

/** A client or a resource server without the claim mappers that read an attribute which was taken out of the schema since. */
function withoutGoneMappers({ claim_mappers: mappers, ...json }: JsonObject, there: ReadonlySet<string>): JsonObject {
  const left = Array.isArray(mappers)
    ? (mappers as JsonObject[]).filter(({ custom_attribute: name }) => typeof name !== "string" || there.has(name))
    : [];
  return left.length === 0 ? json : { ...json, claim_mappers: left };
}

/** A message without what no file has. */
function shown({ schema, apart, apartWithin = {} }: Section, message: Message): JsonObject {
  const json = toJson(schema, message, { useProtoFieldName: true }) as JsonObject;
  const without = (object: object, names: readonly string[]): JsonObject =>
    Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
  for (const [name, names] of Object.entries(apartWithin)) {
    if (typeof json[name] === "object" && json[name] !== null) json[name] = without(json[name], names);
  }
  return without(json, apart);
}

/** Each item's result, in order, so many at a time. */
async function each<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
}
