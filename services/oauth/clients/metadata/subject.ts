import { webAddressFault } from "./web-address.ts";
import type { MetadataPart } from "./metadata-part.ts";

/**
 * What `sub` is to a client (OpenID Connect Core §8). A pairwise one needs a sector: the document at sector_identifier_uri,
 * or the one host of all its redirect URIs.
 */
export const subject: MetadataPart<"subjectType" | "sectorIdentifierUri"> = (client, wrong) => {
  const { sectorIdentifierUri } = client;
  const subjectType = client.subjectType || "public";
  const fault = webAddressFault(sectorIdentifierUri, { endpoint: true });
  if (fault !== undefined) wrong("sector_identifier_uri", fault);
  if (subjectType === "pairwise" && sectorIdentifierUri === "" && hostsOf(client.redirectUris).size !== 1)
    wrong("sector_identifier_uri", "must be set for pairwise subjects unless all redirect_uris have one host");
  return { subjectType, sectorIdentifierUri };
};

/** The hosts of web redirect URIs; what is no URL is found wrong elsewhere. */
const hostsOf = (uris: readonly string[]): ReadonlySet<string> =>
  new Set(uris.map((uri) => (URL.canParse(uri) ? new URL(uri).hostname : "")).filter((host) => host !== ""));
