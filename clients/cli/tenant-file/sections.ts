import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { BrandingSchema } from "#gen/koder/admin/v1/branding_pb.ts";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { MailServerSchema } from "#gen/koder/auth/v1/mail_server_pb.ts";
import { MailSettingsSchema } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import { MailTemplateSchema } from "#gen/koder/auth/v1/mail_template_pb.ts";
import { AuthenticationPolicySchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { AttributeSchemaSchema } from "#gen/koder/identity/v1/attribute_schema_pb.ts";
import { GroupSchema } from "#gen/koder/identity/v1/group_pb.ts";
import { PasswordPolicySchema } from "#gen/koder/identity/v1/password_policy_pb.ts";
import { UsernamePolicySchema } from "#gen/koder/identity/v1/username_policy_pb.ts";
import { RoleSchema } from "#gen/koder/identity/v1/role_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/v1/client_pb.ts";
import { OAuthPolicySchema } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import { ResourceServerSchema } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import {
  eachOnce,
  emptyAsNone,
  lowerCase,
  ofEach,
  ofMembers,
  scopeTokens,
  trimmed,
  upperCase,
  type AnsweredForm,
} from "./answered-forms.ts";
import { imageFields, saidOfImages } from "./image-reference.ts";
import {
  usualAuthenticationPolicy,
  usualClient,
  usualOauthPolicy,
  usualPasswordPolicy,
  usualResourceServer,
  usualUsernamePolicy,
  type UsualValues,
} from "./usual-values.ts";

/** A part of a tenant's file. Its values are protobuf JSON of a message of the contract. */
export interface Section {
  readonly schema: DescMessage;
  /** Fields that only the server sets, or that the file says otherwise. */
  readonly apart: readonly string[];
  /** The same of members that are messages themselves. */
  readonly apartWithin?: Readonly<Record<string, readonly string[]>>;
  /** Fields that always say something: there is no taking them back. */
  readonly alwaysSet?: readonly string[];
  /** Fields that the server takes in several forms, and answers in one. */
  readonly answered?: Readonly<Record<string, AnsweredForm>>;
  /** What the server answers where nothing is set. */
  readonly usual?: UsualValues;
  /** Fields that people are shown, which the server refuses where they cannot be. */
  readonly shown?: ShownFields;
  /** The field that is a secret: the file says where it is, and no answer has it. */
  readonly secret?: string;
}

/** Fields that are a line or a text that people are shown; of a list of messages, which of theirs are. */
export interface ShownFields {
  readonly [name: string]: "line" | "text" | ShownFields;
}

/** A part that lists resources of one kind. */
export interface ListSection extends Section {
  /** Whether the server looks at the whole of one, whatever of it changes. */
  readonly checkedWhole?: boolean;
  /** What one is called. */
  readonly what: string;
  /** By what one is found again; empty where the file does not say it. */
  readonly nameOf: (json: JsonObject) => string;
  /** The fields that make up its name; the first must be set. */
  readonly namedBy: readonly string[];
  /**
   * Members beside the message's own: others by their names, since ids differ from tenant to tenant. Each says of which
   * section they are. Where the file mentions one, it says all of them.
   */
  readonly links: Readonly<Record<string, ListKey>>;
}

export type ListKey = "clients" | "resource_servers" | "roles" | "groups" | "mail_templates";
export type SingleKey =
  | "tenant"
  | "oauth_policy"
  | "authentication_policy"
  | "password_policy"
  | "username_policy"
  | "attribute_schema"
  | "branding"
  | "mail_settings"
  | "mail_server";

/** A member that is a text; empty where there is none. */
export function text(json: JsonObject, name: string): string {
  const value = json[name];
  return typeof value === "string" ? value : "";
}

const times = ["create_time", "update_time"] as const;

/** In the order in which what they list is made: each may name what comes before it. */
export const lists: Readonly<Record<ListKey, ListSection>> = {
  clients: {
    what: "client",
    schema: ClientSchema,
    apart: ["etag", ...times, "client_secret", "secrets", "dynamically_registered"],
    nameOf: (json) => text(json, "client_id"),
    namedBy: ["client_id"],
    answered: { scope: scopeTokens },
    usual: usualClient,
    shown: { client_name: "line" },
    checkedWhole: true,
    links: { roles: "roles" },
  },
  resource_servers: {
    what: "resource server",
    schema: ResourceServerSchema,
    apart: ["id", "etag", ...times],
    nameOf: (json) => text(json, "identifier"),
    namedBy: ["identifier"],
    usual: usualResourceServer,
    shown: { display_name: "line", scopes: { description: "line" } },
    checkedWhole: true,
    links: {},
  },
  roles: {
    what: "role",
    schema: RoleSchema,
    apart: ["id", "etag", ...times, "built_in", "included_role_ids"],
    nameOf: (json) => roleName(text(json, "name"), text(json, "client_id")),
    namedBy: ["name", "client_id"],
    shown: { display_name: "line", description: "text" },
    links: { included_roles: "roles" },
  },
  groups: {
    what: "group",
    schema: GroupSchema,
    apart: ["id", "etag", ...times],
    // As the server compares them.
    nameOf: (json) => text(json, "name").toLowerCase(),
    namedBy: [],
    shown: { display_name: "line", description: "text" },
    links: { member_of: "groups", roles: "roles" },
  },
  mail_templates: {
    what: "mail template",
    schema: MailTemplateSchema,
    apart: ["own", "etag", "update_time"],
    alwaysSet: ["subject", "body", "button"],
    nameOf: (json) =>
      text(json, "kind") === "" || text(json, "language") === ""
        ? ""
        : `${text(json, "kind")}/${text(json, "language")}`,
    namedBy: ["kind", "language"],
    shown: { subject: "line", body: "text", button: "line" },
    links: {},
  },
};

/** The members of a resource server that name clients, whose ids are the same in every tenant. */
export const clientsOfServer: readonly string[] = ["allowed_client_ids", "introspection_client_ids"];

/** The names of the attributes that a schema of a tenant has. */
export function attributesOf(schema: JsonValue | undefined): ReadonlySet<string> {
  const { properties } = isObject(schema) ? schema : {};
  return new Set(isObject(properties) ? Object.keys(properties) : []);
}

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `editor` for a role of the tenant, `shop/editor` for one of the client `shop`. No name has a slash. */
export const roleName = (name: string, clientId: string): string => (clientId === "" ? name : `${clientId}/${name}`);

/** What there is once in a tenant. */
export const singles: Readonly<Record<SingleKey, Section>> = {
  tenant: {
    schema: TenantSchema,
    // Its hosts belong to one tenant alone, so that no file could be applied to another one.
    apart: ["id", "slug", "canonical_origin", "active", "state", "custom_domain", "purge_time", "etag", ...times],
    alwaysSet: ["display_name"],
    shown: { display_name: "line" },
  },
  oauth_policy: { schema: OAuthPolicySchema, apart: ["etag", "update_time"], usual: usualOauthPolicy },
  attribute_schema: {
    schema: AttributeSchemaSchema,
    apart: ["etag", "update_time"],
    answered: { schema: emptyAsNone },
  },
  // Before the policy, which can ask people to verify their address.
  mail_server: {
    schema: MailServerSchema,
    apart: ["etag", "update_time", "password_set"],
    answered: { host: lowerCase },
    shown: { user_name: "line" },
    secret: "password",
  },
  // Before the policy, which can ask people to accept the terms that it links.
  branding: {
    schema: BrandingSchema,
    apart: ["etag", "update_time"],
    apartWithin: Object.fromEntries(imageFields.map((name) => [name, saidOfImages])),
    answered: { primary_color: lowerCase, primary_color_dark: lowerCase },
    shown: { display_name: "line", texts: { sign_in_heading: "line", sign_in_note: "line" } },
  },
  authentication_policy: {
    schema: AuthenticationPolicySchema,
    apart: ["etag", "update_time"],
    usual: usualAuthenticationPolicy,
    answered: {
      passkey_android_apps: ofEach(ofMembers({ sha256_cert_fingerprints: ofEach(upperCase) })),
      // It answers the name as the group has it, and compares names without regard to case.
      group_overrides: ofEach(ofMembers({ group_name: lowerCase })),
    },
  },
  password_policy: { schema: PasswordPolicySchema, apart: ["etag", "update_time"], usual: usualPasswordPolicy },
  username_policy: {
    schema: UsernamePolicySchema,
    apart: ["etag", "update_time"],
    usual: usualUsernamePolicy,
    answered: { extra_characters: eachOnce },
  },
  mail_settings: {
    schema: MailSettingsSchema,
    apart: ["etag", "update_time"],
    answered: { sender_name: trimmed },
    shown: { sender_name: "line" },
  },
};

export const listKeys = Object.keys(lists) as readonly ListKey[];
export const singleKeys = Object.keys(singles) as readonly SingleKey[];
