import { claimMapperFaults, storedClaimMappers } from "../../claims/claim-mapper.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What a client's tokens say of it and of people beyond the standards' claims. */
export const tokens: MetadataPart<"roles" | "claimMappers"> = (client, wrong) => {
  const { roles, claimMappers } = client;
  if (roles.length > 0 && !client.grantTypes.includes("client_credentials"))
    wrong("roles", "must come with the grant client_credentials");
  for (const { field, description } of claimMapperFaults(claimMappers, "claim_mappers")) wrong(field, description);
  return { roles, claimMappers: storedClaimMappers(claimMappers) };
};
