import { createHmac } from "node:crypto";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { sectorOf } from "./sector.ts";
import { createSubjectKeys } from "./subject-keys.ts";

/** What people and their sessions are called towards clients. */
export interface Subjects {
  /**
   * `sub` of a user for a client (OpenID Connect Core §8): their id, or for a pairwise client a name that only its sector
   * has. The same whenever it is asked for; nobody without the tenant's key finds the user by it, nor their name elsewhere.
   */
  of(call: Pick<Call, "tenantId">, client: SubjectClient, userId: string): Promise<string>;
  /** `sid` of a session for a client, likewise: two sectors that compare theirs do not find that one browser was at both. */
  ofSession(call: Pick<Call, "tenantId">, client: SubjectClient, sessionId: string): Promise<string>;
}

/** What of a client decides on its subjects. */
export type SubjectClient = Pick<Client, "subjectType" | "sectorIdentifierUri" | "redirectUris">;

/** Subjects by a keyed hash of sector and user or session, under a key of the tenant that is kept sealed. */
export function createSubjects(dependencies: Pick<OauthDependencies, "store" | "vault" | "clock">): Subjects {
  const keys = createSubjectKeys(dependencies);
  const named = async ({ tenantId }: Pick<Call, "tenantId">, client: SubjectClient, id: string): Promise<string> => {
    if (client.subjectType !== "pairwise") return id;
    const key = await keys.of(tenantId);
    // Neither a host nor an id holds NUL, so that the two cannot be cut elsewhere; and no session has the id of a user.
    return createHmac("sha256", key)
      .update(`${sectorOf(client)}\0${id}`)
      .digest("base64url");
  };
  return { of: named, ofSession: named };
}
