import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";

/**
 * Whether a client that knows people by the names of a sector now still knows them by those of the first id token (OpenID Connect
 * Core §12.2), as far as both are told.
 */
export const areSubjectsKept = (grant: Pick<Grant, "subjectSector">, sector: string): boolean =>
  grant.subjectSector === "" || sector === "" || grant.subjectSector === sector;
