import { fromJson, type JsonObject } from "@bufbuild/protobuf";
import { MailTemplateSchema } from "#gen/koder/auth/v1/mail_template_pb.ts";
import { GroupSchema } from "#gen/koder/identity/v1/group_pb.ts";
import { RoleSchema } from "#gen/koder/identity/v1/role_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import type { ListKey } from "./sections.ts";
import type { TenantServices } from "./tenant-services.ts";
import type { Existing } from "./tenant-state.ts";

/** The ids of a tenant's resources by their names. */
export type Ids = Readonly<Record<ListKey, Map<string, string>>>;

type Links = Readonly<Record<string, readonly string[]>>;

/** How one resource of a section is made, changed and deleted. */
export interface Maker {
  /** Links that are part of the resource's message; the others have RPCs of their own. */
  readonly linksWithin: readonly string[];
  /** Answers its id. `etag` is what there must be of it still, where the server has one before it is there. */
  readonly create: (
    services: TenantServices,
    asked: { json: JsonObject; links: Links; secret: string | undefined; etag: string; ids: Ids },
  ) => Promise<string>;
  readonly update: (
    services: TenantServices,
    asked: { existing: Existing; json: JsonObject; fields: readonly string[]; links: Links; ids: Ids },
  ) => Promise<unknown>;
  readonly remove: (services: TenantServices, existing: Existing) => Promise<unknown>;
  readonly addLink: (services: TenantServices, asked: { link: string; id: string; to: string }) => Promise<unknown>;
  readonly removeLink: (
    services: TenantServices,
    asked: { link: string; id: string; linkId: string },
  ) => Promise<unknown>;
}

const noLinks = () => Promise.reject(new Error("has no links of its own"));

/** Takes back a role that was given, by `<role>/<assignment>`. */
function takeRole({ roles }: TenantServices, linkId: string): Promise<unknown> {
  const [roleId = "", assignmentId = ""] = linkId.split("/");
  return roles.deleteRoleAssignment({ roleId, assignmentId });
}

/** The ids that links to roles stand for. */
const roleIds = (names: readonly string[], ids: Ids): string[] => names.flatMap((name) => ids.roles.get(name) ?? []);

/** A message's JSON with the etag that it must still have. */
export const withEtag = (json: JsonObject, etag: string): JsonObject => ({ ...json, etag });

const clients: Maker = {
  linksWithin: [],
  async create(services, { json, secret = "" }) {
    const client = fromJson(ClientSchema, { ...json, client_secret: secret });
    return (await services.clients.createClient({ client })).client?.clientId ?? "";
  },
  update(services, { existing: { id, etag }, json, fields }) {
    const client = fromJson(ClientSchema, withEtag(json, etag));
    return services.clients.updateClient({ clientId: id, client, updateMask: { paths: [...fields] } });
  },
  remove: (services, { id, etag }) => services.clients.deleteClient({ clientId: id, etag }),
  addLink: ({ roles }, { id, to }) =>
    roles.createRoleAssignment({ roleId: to, assignment: { subject: { case: "clientId", value: id } } }),
  removeLink: (services, { linkId }) => takeRole(services, linkId),
};

const resourceServers: Maker = {
  linksWithin: [],
  async create(services, { json }) {
    const resourceServer = fromJson(ResourceServerSchema, json);
    return (await services.resourceServers.createResourceServer({ resourceServer })).resourceServer?.id ?? "";
  },
  update(services, { existing: { id, etag }, json, fields }) {
    const resourceServer = fromJson(ResourceServerSchema, withEtag(json, etag));
    const updateMask = { paths: [...fields] };
    return services.resourceServers.updateResourceServer({ resourceServerId: id, resourceServer, updateMask });
  },
  remove: (services, { id, etag }) => services.resourceServers.deleteResourceServer({ resourceServerId: id, etag }),
  addLink: noLinks,
  removeLink: noLinks,
};

const roles: Maker = {
  linksWithin: ["included_roles"],
  async create(services, { json, links, ids }) {
    const role = fromJson(RoleSchema, { ...json, included_role_ids: roleIds(links["included_roles"] ?? [], ids) });
    return (await services.roles.createRole({ role })).role?.id ?? "";
  },
  update(services, { existing: { id, etag }, json, fields, links, ids }) {
    const included = links["included_roles"];
    const role = fromJson(RoleSchema, {
      ...withEtag(json, etag),
      ...(included === undefined ? {} : { included_role_ids: roleIds(included, ids) }),
    });
    const paths = [...fields, ...(included === undefined ? [] : ["included_role_ids"])];
    return services.roles.updateRole({ roleId: id, role, updateMask: { paths } });
  },
  remove: (services, { id, etag }) => services.roles.deleteRole({ roleId: id, etag }),
  addLink: noLinks,
  removeLink: noLinks,
};

const groups: Maker = {
  linksWithin: [],
  async create(services, { json }) {
    return (await services.groups.createGroup({ group: fromJson(GroupSchema, json) })).group?.id ?? "";
  },
  update(services, { existing: { id, etag }, json, fields }) {
    const group = fromJson(GroupSchema, withEtag(json, etag));
    return services.groups.updateGroup({ groupId: id, group, updateMask: { paths: [...fields] } });
  },
  remove: (services, { id, etag }) => services.groups.deleteGroup({ groupId: id, etag }),
  addLink: (services, { link, id, to }) =>
    link === "roles"
      ? services.roles.createRoleAssignment({ roleId: to, assignment: { subject: { case: "groupId", value: id } } })
      : services.groups.addGroupMember({ groupId: to, member: { member: { case: "memberGroupId", value: id } } }),
  removeLink: (services, { link, id, linkId }) =>
    link === "roles"
      ? takeRole(services, linkId)
      : services.groups.removeGroupMember({ groupId: linkId, memberId: id }),
};

/** A template is named by what it says of itself: kind and language. */
async function sayInMails(services: TenantServices, json: JsonObject, fields: readonly string[]): Promise<string> {
  const mailTemplate = fromJson(MailTemplateSchema, json);
  const { kind, language } = mailTemplate;
  const updateMask = { paths: [...fields] };
  await services.mailTemplates.updateMailTemplate({ kind, language, mailTemplate, updateMask });
  return `${kind}/${language}`;
}

const mailTemplates: Maker = {
  linksWithin: [],
  create: (services, { json, etag }) =>
    sayInMails(
      services,
      withEtag(json, etag),
      Object.keys(json).filter((name) => name !== "kind" && name !== "language"),
    ),
  update: (services, { existing: { etag }, json, fields }) => sayInMails(services, withEtag(json, etag), fields),
  remove({ mailTemplates: templates }, { id, etag }) {
    const [kind = "", language = ""] = id.split("/");
    return templates.deleteMailTemplate({ kind, language, etag });
  },
  addLink: noLinks,
  removeLink: noLinks,
};

/** By section. */
export const makers: Readonly<Record<ListKey, Maker>> = {
  clients,
  resource_servers: resourceServers,
  roles,
  groups,
  mail_templates: mailTemplates,
};
