/** One label of a host name (RFC 1123): no hyphen at an end or beside another, so that none is an internationalized label. */
const slugForm = /^[a-z](?:-?[a-z0-9]){1,39}$/;

/** Names that people take for the instance's own, or that programs look up by themselves. */
const reserved = new Set(
  [
    "default system admin administrator root security support status help",
    "www api app auth oauth oidc sso id login account accounts console",
    "docs static assets cdn mail smtp imap pop ftp ns ns1 ns2 localhost",
    "autoconfig autodiscover wpad isatap mta-sts openpgpkey",
  ].flatMap((names) => names.split(" ")),
);

/** What is wrong with a slug for a new tenant; undefined where nothing is. */
export function slugFault(slug: string): string | undefined {
  if (!slugForm.test(slug) || slug.length > 40) {
    return "must be 2 to 40 lower-case letters and digits, and single hyphens between them, and begin with a letter";
  }
  return reserved.has(slug) ? "is reserved" : undefined;
}
