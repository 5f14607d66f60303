import type { Client as StoredClient } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../host/outbound/outbound-failed.ts";
import { refuseBusy } from "../../host/outbound/refuse-busy.ts";
import { oauthFailure } from "../oauth-failure.ts";

type Sector = Pick<StoredClient, "sectorIdentifierUri" | "redirectUris" | "jwksUri">;

/** A list of a thousand long URIs. */
const largestDocument = 2_097_152;

/** What a sector's document must list of a client: its redirect URIs, or the `jwks_uri` of one that has none (CIBA Core §4). */
const listedOf = ({ redirectUris, jwksUri }: Sector): readonly string[] =>
  redirectUris.length > 0 ? redirectUris : [jwksUri].filter((uri) => uri !== "");

/**
 * A sector's document lists every redirect URI of a client that says it belongs there (OpenID Connect Registration §5): else
 * anybody could have the pairwise subjects of another's sector. It is fetched when a client comes to name it, or other redirect
 * URIs. Throws CLIENT_METADATA_INVALID, naming the field, and OVERLOADED.
 */
export async function checkSector(
  { outbound }: { readonly outbound: GuardedFetch },
  { tenantId }: Pick<Call, "tenantId">,
  client: Sector,
  before?: Sector,
): Promise<void> {
  const { sectorIdentifierUri } = client;
  if (sectorIdentifierUri === "") return;
  const listed = listedOf(client);
  const known = before?.sectorIdentifierUri === sectorIdentifierUri ? listedOf(before) : [];
  if (listed.length > 0 && listed.every((uri) => known.includes(uri))) return;
  const fault =
    listed.length === 0
      ? "is for a client with redirect_uris, or with a jwks_uri, which its document lists"
      : await documentFault(outbound, tenantId, sectorIdentifierUri, client);
  if (fault === undefined) return;
  throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `sector_identifier_uri ${fault}`, {
    violations: [{ field: "sector_identifier_uri", description: fault }],
  });
}

async function documentFault(
  outbound: GuardedFetch,
  tenantId: string,
  uri: string,
  client: Sector,
): Promise<string | undefined> {
  try {
    const { status, body } = await outbound.get(uri, {
      tenantId,
      accept: "application/json",
      maxBytes: largestDocument,
    });
    if (status !== 200) return `must be there: its host answered with status ${status}`;
    const listed = jsonArray(Buffer.from(body).toString("utf8"));
    if (listed === undefined) return "must be a JSON array of redirect URIs";
    if (listedOf(client).every((one) => listed.includes(one))) return undefined;
    return client.redirectUris.length > 0 ? "must list every one of redirect_uris" : "must list jwks_uri";
  } catch (error) {
    if (!(error instanceof OutboundFailed)) throw error;
    refuseBusy(error);
    return `must be there: ${error.message}`;
  }
}

function jsonArray(text: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
