import type { Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import { GrantRefusal, type RefreshGrantRequest } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { clientMayGoOn } from "./client-may-go-on.ts";
import { isResourceGranted } from "./granted-resource.ts";
import { areSubjectsKept } from "./subjects-kept.ts";

/** What a refresh asks for, and what its client is now. */
type Asked = Pick<
  RefreshGrantRequest,
  "scopes" | "resource" | "issuer" | "clientScopes" | "clientResources" | "subjectSector"
>;

/** Why a grant that is alive gives nothing of what is asked for to its client as that is now; undefined: it does. */
export function refusedToClient(grant: Grant, asked: Asked): GrantRefusal | undefined {
  if (!isResourceGranted(grant.resources, asked)) return GrantRefusal.RESOURCE;
  if (!clientMayGoOn(grant, asked)) return GrantRefusal.SCOPE;
  if (!areSubjectsKept(grant, asked.subjectSector)) return GrantRefusal.SUBJECT;
  return undefined;
}
