import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";

/** The pages that mails lead to. */
const pages = { reset: "/reset", verify: "/verify", signUp: "/sign-up" } as const;

/**
 * The link of a mail: to a page of the tenant's own canonical origin, whatever host a request named (security A4), with the
 * secret that proves the mailbox, or without one to a page for everybody. No other code makes one.
 */
export function mailLink(
  { canonicalOrigin }: Pick<Tenant, "canonicalOrigin">,
  page: keyof typeof pages,
  token?: string,
) {
  const url = new URL(pages[page], canonicalOrigin);
  if (token !== undefined) url.searchParams.set("token", token);
  return url.href;
}
