import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { InitialAccessTokenSchema as StoredTokenSchema } from "#gen/koder/oauth/store/v1/initial_access_token_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { InitialAccessToken } from "#gen/koder/oauth/v1/initial_access_token_pb.ts";
import {
  CreateInitialAccessTokenRequestSchema,
  CreateInitialAccessTokenResponseSchema,
  InitialAccessTokenService,
  type CreateInitialAccessTokenRequest,
  type CreateInitialAccessTokenResponse,
} from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { shownLineViolations } from "../../host/shown-line.ts";
import { insert } from "../../store/writes.ts";
import { randomToken, ulid } from "../../vault/random.ts";
import { checkMayGiveScopes } from "../clients/check-may-change-client.ts";
import { initialAccessTokens } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { initialAccessTokenMessage, initialAccessTokenUse } from "./initial-access-token.ts";

const day = 86_400_000;
const [usualLifetime, longestLifetime] = [30 * day, 400 * day];

/**
 * Makes an initial access token of 256 random bits; it always expires. Whoever has it gets a client with the scopes of the tenant's
 * policy: so whoever makes it must hold what those permit here.
 */
export function createInitialAccessToken({
  store,
  vault,
  clock,
  idempotency,
  oauthPolicies,
  tenants,
}: Pick<OauthDependencies, "store" | "vault" | "clock" | "idempotency" | "oauthPolicies" | "tenants">) {
  return async (
    request: CreateInitialAccessTokenRequest,
    context: HandlerContext,
  ): Promise<CreateInitialAccessTokenResponse> => {
    const call = callOf(context);
    const asked = request.initialAccessToken;
    checkForm(asked);
    const { registration } = await oauthPolicies.get(call);
    await checkMayGiveScopes({ tenants }, call, { scopes: registration.allowedScopes });
    return idempotency.run(
      call,
      {
        method: InitialAccessTokenService.method.createInitialAccessToken,
        requestId: request.requestId,
        request,
        requestSchema: CreateInitialAccessTokenRequestSchema,
        responseSchema: CreateInitialAccessTokenResponseSchema,
      },
      async (remember) => {
        checkExpireTime(asked, clock());
        const now = clock();
        const value = randomToken("kiat_");
        const record = create(StoredTokenSchema, {
          id: ulid(now),
          tokenHash: (await vault.tenant(call.tenantId)).keyedHash(initialAccessTokenUse, value),
          displayName: asked?.displayName ?? "",
          maxUses: asked?.maxUses ?? 0,
          createTime: timestampFromMs(now),
          expireTime: asked?.expireTime ?? timestampFromMs(now + usualLifetime),
        });
        const response = create(CreateInitialAccessTokenResponseSchema, {
          initialAccessToken: initialAccessTokenMessage(record, value),
        });
        const created = eventOf(
          call,
          now,
          { type: "initial_access_token", id: record.id, version: 1 },
          {
            case: "initialAccessTokenCreated",
            value: { $typeName: "koder.events.v1.InitialAccessTokenCreated", displayName: record.displayName },
          },
        );
        const writes = [insert(initialAccessTokens, record), ...remember(response)];
        await store.tenant(call.tenantId).commit(writes, [created]);
        return response;
      },
    );
  };
}

function checkForm(asked: InitialAccessToken | undefined): void {
  refuse([
    ...(asked?.id ? [{ field: "id", description: "is set by the server" }] : []),
    ...(asked?.token ? [{ field: "token", description: "is made by the server and cannot be chosen" }] : []),
    ...shownLineViolations("display_name", asked?.displayName ?? ""),
    ...(asked?.createTime ? [{ field: "create_time", description: "is set by the server" }] : []),
  ]);
}

/** Of a repeat it may have passed by now, so it is asked the first time alone. */
function checkExpireTime(asked: InitialAccessToken | undefined, now: number): void {
  const expires = asked?.expireTime === undefined ? now + usualLifetime : timestampMs(asked.expireTime);
  if (expires > now && expires <= now + longestLifetime) return;
  refuse([{ field: "expire_time", description: "must be in the future, within 400 days" }]);
}

function refuse(violations: FieldViolation[]): void {
  if (violations.length === 0) return;
  throw oauthFailure(OauthErrorReason.INITIAL_ACCESS_TOKEN_INVALID, violationsInWords(violations), { violations });
}
