import type { SubjectClient } from "./subjects.ts";

/** Whose names for people a client has: those of its sector, or everybody's, for which `*` stands, as no host is called. */
export const subjectSectorOf = (client: SubjectClient): string =>
  client.subjectType === "pairwise" ? sectorOf(client) : "*";

/**
 * The sector of a pairwise client (OpenID Connect Core §8.1): the host of its sector_identifier_uri, else the one host of its
 * redirect URIs, which its registration saw to.
 */
export function sectorOf({ sectorIdentifierUri, redirectUris }: SubjectClient): string {
  const uri = sectorIdentifierUri || redirectUris.find((one) => URL.canParse(one) && new URL(one).hostname !== "");
  if (uri === undefined)
    throw new Error("a pairwise client has neither a sector_identifier_uri nor a web redirect URI");
  return new URL(uri).hostname;
}
