import type { SubjectClient } from "./subjects.ts";

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
