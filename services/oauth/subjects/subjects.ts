import { createHmac } from "node:crypto";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Call } from "../../host/call.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { sectorOf } from "./sector.ts";
import { createSubjectKeys } from "./subject-keys.ts";

/** What people are called towards clients. */
export interface Subjects {
  /**
   * `sub` of a user for a client (OpenID Connect Core §8): their id, or for a pairwise client a name that only its sector
   * has. The same whenever it is asked for; nobody without the tenant's key finds the user by it, nor their name elsewhere.
   */
  of(call: Pick<Call, "tenantId">, client: SubjectClient, userId: string): Promise<string>;
}

/** What of a client decides on its subjects. */
export type SubjectClient = Pick<Client, "subjectType" | "sectorIdentifierUri" | "redirectUris">;

/** Subjects by a keyed hash of sector and user, under a key of the tenant that is kept sealed. */
export function createSubjects(dependencies: Pick<OauthDependencies, "store" | "vault" | "clock">): Subjects {
  const keys = createSubjectKeys(dependencies);
  return {
    async of({ tenantId }, client, userId) {
      if (client.subjectType !== "pairwise") return userId;
      const key = await keys.of(tenantId);
      // Neither a host nor an id holds NUL, so that the two cannot be cut elsewhere.
      return createHmac("sha256", key)
        .update(`${sectorOf(client)}\0${userId}`)
        .digest("base64url");
    },
  };
}
