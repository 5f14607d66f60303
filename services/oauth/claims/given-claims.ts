import { create } from "@bufbuild/protobuf";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import type { Call } from "../../host/call.ts";
import { consents } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { claimsAmong, claimsOfScopes, type PersonClaim } from "./claims-of-scopes.ts";

/**
 * Of claims that were asked for by name (OpenID Connect Core §5.5), those that a client is given of a person: the ones whose scope it
 * may have, and where its people are asked for consent, the ones whose scope this person has agreed to. Asked at every use, so that
 * neither an older grant nor a change of the client gives more.
 */
export async function givenClaims(
  { store }: Pick<OauthDependencies, "store">,
  call: Call,
  { client, userId }: { readonly client: Client; readonly userId: string },
  names: readonly string[],
): Promise<readonly PersonClaim[]> {
  if (names.length === 0) return [];
  const asked = claimsAmong(names, claimsOfScopes(client.scopes));
  if (asked.length === 0 || client.firstParty !== false) return asked;
  const id = consents.id(create(ConsentSchema, { userId, clientId: client.clientId }));
  const consent = await store.tenant(call.tenantId).get(consents, id);
  const agreed = consent?.record.granted.find(({ resource }) => resource === "")?.scopes ?? [];
  return claimsAmong(asked, claimsOfScopes(agreed));
}
