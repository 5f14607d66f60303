import type { Tenant } from "#gen/koder/admin/store/v1/tenant_pb.ts";
import { defaultTenantSlug } from "./default-tenant.ts";

/**
 * The canonical origin of a tenant (docs/tenants.md): the public one for the default tenant, at its own domain where it has one, and
 * else at its slug below the public host. Scheme and port are the public origin's.
 */
export function tenantOrigin(
  { slug, canonicalOrigin, customDomain }: Pick<Tenant, "slug" | "canonicalOrigin" | "customDomain">,
  publicOrigin: string,
): string {
  if (canonicalOrigin !== "") return canonicalOrigin;
  if (slug === defaultTenantSlug) return publicOrigin;
  const { protocol, hostname, port } = new URL(publicOrigin);
  const host = customDomain === "" ? `${slug}.${hostname}` : customDomain;
  return `${protocol}//${host}${port === "" ? "" : `:${port}`}`;
}

/**
 * The name that a host has in front of the public one, or as a domain of its own; undefined where its port is not the public
 * one. An address has no names below it.
 */
export function readHost(
  host: string,
  publicOrigin: string,
): { readonly slug: string } | { readonly domain: string } | undefined {
  const own = new URL(publicOrigin);
  const url = `${own.protocol}//${host}`;
  if (!URL.canParse(url)) return undefined;
  const asked = new URL(url);
  if (asked.host !== host || asked.port !== own.port) return undefined;
  const below = `.${own.hostname}`;
  if (!asked.hostname.endsWith(below)) return { domain: asked.hostname };
  return { slug: asked.hostname.slice(0, -below.length) };
}
