import { fromJson } from "@bufbuild/protobuf";
import { AuthenticationPolicySchema } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { BrandingSchema } from "#gen/koder/admin/v1/branding_pb.ts";
import { MailServerSchema } from "#gen/koder/auth/v1/mail_server_pb.ts";
import { MailSettingsSchema } from "#gen/koder/auth/v1/mail_settings_pb.ts";
import { TenantSchema } from "#gen/koder/admin/v1/tenant_pb.ts";
import { AttributeSchemaSchema } from "#gen/koder/identity/v1/attribute_schema_pb.ts";
import { PasswordPolicySchema } from "#gen/koder/identity/v1/password_policy_pb.ts";
import { OAuthPolicySchema } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import { UsernamePolicySchema } from "#gen/koder/identity/v1/username_policy_pb.ts";
import { makers, withEtag, type Ids } from "./makers.ts";
import { linkName, type ListChange, type Plan, type SingleChange } from "./plan.ts";
import { listKeys, lists } from "./sections.ts";
import type { TenantServices } from "./tenant-services.ts";
import type { TenantState } from "./tenant-state.ts";

/**
 * Makes the changes of a plan one after the other, each by its RPC; `onDone` hears of each. An update carries the etag that was
 * read for the plan, also where all was the default until now, so that what somebody else changed meanwhile is refused. Rejects
 * with the first failure: what was done until then stays, and another apply does the rest.
 */
export async function makeChanges(
  services: TenantServices,
  { lists: changes, singles }: Plan,
  state: TenantState,
  onDone: (change: ListChange | SingleChange) => void,
): Promise<void> {
  const ids = Object.fromEntries(
    listKeys.map((key) => [key, new Map(state.lists[key].map(({ name, id }) => [name, id]))]),
  ) as unknown as Ids;
  const changeOnce = async (single: SingleChange): Promise<void> => {
    await changeSingle(services, { ...single, json: withEtag(single.json, state.etags[single.key] ?? "") });
    onDone(single);
  };
  // Claim mappers name attributes of the schema.
  for (const single of singles) if (single.key === "attribute_schema") await changeOnce(single);
  const deletions = changes.filter(({ action }) => action === "delete");
  for (const change of changes.filter(({ action }) => action !== "delete")) {
    await makeChange(services, change, state, ids);
    onDone(change);
  }
  // A client's roles are given once there are roles, which come after clients. What goes, goes first: no group comes into
  // another one through a third that it is about to leave.
  for (const change of changes) await removeLinks(services, change, ids);
  for (const change of changes) await addLinks(services, change, ids);
  for (const single of singles) if (single.key !== "attribute_schema") await changeOnce(single);
  for (const change of deletions) {
    if (change.action === "delete") await makers[change.key].remove(services, change.existing);
    onDone(change);
  }
}

async function makeChange(services: TenantServices, change: ListChange, state: TenantState, ids: Ids): Promise<void> {
  const { key, name } = change;
  const maker = makers[key];
  if (change.action === "create") {
    const { json, links, secret } = change.declared;
    const etag = key === "mail_templates" ? (state.usualMails.get(name) ?? "") : "";
    ids[key].set(name, await maker.create(services, { json, links, secret, etag, ids }));
  } else if (change.action === "update") {
    const own = change.links.filter((one) => maker.linksWithin.includes(one.link));
    if (change.fields.length + own.length === 0) return;
    const wanted = own.map(({ link: of, add, remove }) => {
      const kept = [...(change.existing.links[of]?.keys() ?? [])].filter((one) => !remove.includes(one));
      return [of, [...kept, ...add]] as const;
    });
    const { existing, json, fields } = change;
    await maker.update(services, { existing, json, fields, links: Object.fromEntries(wanted), ids });
  }
}

/** Takes back the links that have RPCs of their own. */
async function removeLinks(services: TenantServices, change: ListChange, ids: Ids): Promise<void> {
  if (change.action !== "update") return;
  const { key, name, existing, links } = change;
  const maker = makers[key];
  const id = ids[key].get(name) ?? "";
  for (const { link, remove } of links) {
    if (maker.linksWithin.includes(link)) continue;
    for (const one of remove) {
      await maker.removeLink(services, { link, id, linkId: existing.links[link]?.get(one) ?? "" });
    }
  }
}

/** Adds the links that have RPCs of their own. */
async function addLinks(services: TenantServices, change: ListChange, ids: Ids): Promise<void> {
  if (change.action === "delete") return;
  const { key, name } = change;
  const maker = makers[key];
  const id = ids[key].get(name) ?? "";
  const added =
    change.action === "update"
      ? change.links
      : Object.entries(change.declared.links).map(([link, names]) => ({ link, add: names }));
  for (const { link, add } of added) {
    if (maker.linksWithin.includes(link)) continue;
    const target = lists[key].links[link];
    for (const one of add) {
      const to = target === undefined ? undefined : ids[target].get(linkName(target, one));
      if (to !== undefined) await maker.addLink(services, { link, id, to });
    }
  }
}

async function changeSingle(services: TenantServices, { key, json, fields }: SingleChange): Promise<void> {
  const updateMask = { paths: [...fields] };
  switch (key) {
    case "tenant": {
      const { tenantId = "" } = services;
      await services.tenants.updateTenant({ tenantId, tenant: fromJson(TenantSchema, json), updateMask });
      return;
    }
    case "oauth_policy":
      await services.oauthPolicy.updateOAuthPolicy({ policy: fromJson(OAuthPolicySchema, json), updateMask });
      return;
    case "attribute_schema": {
      const attributeSchema = fromJson(AttributeSchemaSchema, json);
      await services.attributeSchema.updateAttributeSchema({ attributeSchema, updateMask });
      return;
    }
    case "password_policy": {
      const policy = fromJson(PasswordPolicySchema, json);
      await services.passwordPolicy.updatePasswordPolicy({ policy, updateMask });
      return;
    }
    case "username_policy": {
      const policy = fromJson(UsernamePolicySchema, json);
      await services.usernamePolicy.updateUsernamePolicy({ policy, updateMask });
      return;
    }
    case "branding":
      await services.branding.updateBranding({ branding: fromJson(BrandingSchema, json), updateMask });
      return;
    case "mail_server": {
      const mailServer = fromJson(MailServerSchema, json);
      await services.mailServer.updateMailServer({ mailServer, updateMask });
      return;
    }
    case "mail_settings": {
      const mailSettings = fromJson(MailSettingsSchema, json);
      await services.mailSettings.updateMailSettings({ mailSettings, updateMask });
      return;
    }
    case "authentication_policy": {
      const policy = fromJson(AuthenticationPolicySchema, json);
      await services.authenticationPolicy.updateAuthenticationPolicy({ policy, updateMask });
      return;
    }
  }
}
