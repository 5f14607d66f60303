import { claimMapperFaults, storedClaimMappers } from "../../claims/claim-mapper.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** What a client's tokens say of it and of people beyond the standards' claims. */
export const tokens: MetadataPart<"claimMappers"> = (client, wrong) => {
  const { claimMappers } = client;
  for (const { field, description } of claimMapperFaults(claimMappers, "claim_mappers")) wrong(field, description);
  return { claimMappers: storedClaimMappers(claimMappers) };
};
