import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import {
  GrantRefusal,
  RevokeGrantResponseSchema,
  type RevokeGrantRequest,
  type RevokeGrantResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { failure } from "../../host/failure.ts";
import type { Vault } from "../../vault/vault.ts";
import { grants } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endGrant } from "./end-grant.ts";
import { keyVersionOf, readRefreshToken } from "./refresh-token.ts";

/**
 * Ends the grant that a token belongs to (RFC 7009 §2.1). Any refresh token of it will do, also one that was replaced:
 * whoever says that it is to be good no longer means all that came of it. Another client's grant is left as it is.
 */
export function revokeGrant({ store, vault, clock }: SessionDependencies) {
  return async (request: RevokeGrantRequest, context: HandlerContext): Promise<RevokeGrantResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const grantId = await grantIdOf(vault, call, request);
    const stored = grantId === undefined ? undefined : await data.get(grants, grantId);
    if (stored === undefined) return refused(GrantRefusal.UNKNOWN);
    if (stored.record.clientId !== request.clientId) return refused(GrantRefusal.OTHER_CLIENT);
    await endGrant(data, call, clock(), stored.record.id, "client");
    return create(RevokeGrantResponseSchema, { outcome: { case: "ended", value: {} } });
  };
}

async function grantIdOf(vault: Vault, call: Call, { grant }: RevokeGrantRequest): Promise<string | undefined> {
  switch (grant.case) {
    case "grantId":
      return grant.value;
    case "refreshToken": {
      const tenantVault = await vault.tenant(call.tenantId, keyVersionOf(grant.value));
      return readRefreshToken(tenantVault, call.tenantId, grant.value)?.grantId;
    }
    case undefined:
      throw failure(ErrorReason.INVALID_REQUEST, "grant: name a refresh_token or a grant_id");
  }
}

const refused = (value: GrantRefusal): RevokeGrantResponse =>
  create(RevokeGrantResponseSchema, { outcome: { case: "refusal", value } });
