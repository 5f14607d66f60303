import { create } from "@bufbuild/protobuf";
import {
  VerifyPersonalAccessTokenResponseSchema,
  type VerifyPersonalAccessTokenRequest,
  type VerifyPersonalAccessTokenResponse,
} from "#gen/koder/admin/v1/api_key_internal_pb.ts";
import type { HandlerContext } from "@connectrpc/connect";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { claimedTenant } from "../api-keys/api-key.ts";
import { noteUse } from "../api-keys/note-use.ts";
import { personalAccessTokens } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { findTenant } from "../tenants/find-tenant.ts";
import { personalAccessTokenUse } from "./personal-access-token.ts";

/**
 * Whose a personal access token is, and for what. It is good while the epoch of its owner is what it was (docs/architecture.md,
 * one rule); that and the token are read from the store at every use.
 */
export function verifyPersonalAccessToken(dependencies: AdminDependencies) {
  const { store, system, vault, peers } = dependencies;
  const note = noteUse(dependencies);
  return async (
    { token }: VerifyPersonalAccessTokenRequest,
    context: HandlerContext,
  ): Promise<VerifyPersonalAccessTokenResponse> => {
    const inactive = create(VerifyPersonalAccessTokenResponseSchema, { active: false });
    const tenantId = claimedTenant(token);
    if (tenantId === undefined || (await findTenant(system, tenantId)) === undefined) return inactive;
    const data = store.tenant(tenantId);
    const stored = await findBySecret(await vault.tenant(tenantId), personalAccessTokenUse, token, (hash) =>
      data.find(personalAccessTokens, "token_hash", hash),
    );
    if (stored === undefined) return inactive;
    const { id, userId, userEpoch, scopes, expireTime } = stored.record;
    const inTenant = forward({ ...callOf(context), tenantId });
    const now = await peers.client(RevocationService).getUserEpoch({ userId }, inTenant);
    if (now.userEpoch !== userEpoch) return inactive;
    await note(data, id, expireTime);
    return create(VerifyPersonalAccessTokenResponseSchema, { active: true, tenantId, userId, scopes });
  };
}
