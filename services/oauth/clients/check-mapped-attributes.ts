import type { Client as StoredClient } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { unknownAttributeFaults } from "../claims/unknown-attributes.ts";
import { oauthFailure } from "../oauth-failure.ts";

type Mapping = Pick<StoredClient, "claimMappers">;

/** A client's claim mappers read attributes that the tenant keeps. Throws CLIENT_METADATA_INVALID, naming each that it does not. */
export async function checkMappedAttributes(
  { peers }: { readonly peers: Peers },
  call: Call,
  { claimMappers }: Mapping,
  before?: Mapping,
): Promise<void> {
  const violations = await unknownAttributeFaults(peers, call, claimMappers, "claim_mappers", before?.claimMappers);
  if (violations.length === 0) return;
  const fields = violations.map(({ field, description }) => `${field} ${description}`).join("; ");
  throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `the client metadata are not valid: ${fields}`, {
    violations: [...violations],
  });
}
