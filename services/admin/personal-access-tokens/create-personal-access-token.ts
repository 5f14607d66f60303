import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PersonalAccessTokenSchema as StoredTokenSchema } from "#gen/koder/admin/store/v1/personal_access_token_pb.ts";
import { AdminErrorReason } from "#gen/koder/admin/v1/errors_pb.ts";
import type { PersonalAccessToken } from "#gen/koder/admin/v1/personal_access_token_pb.ts";
import {
  CreatePersonalAccessTokenRequestSchema,
  CreatePersonalAccessTokenResponseSchema,
  PersonalAccessTokenService,
  type CreatePersonalAccessTokenRequest,
  type CreatePersonalAccessTokenResponse,
} from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure, violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { shownLineViolations } from "../../host/shown-line.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { adminFailure } from "../admin-failure.ts";
import { checkOwnHouse } from "../own-house.ts";
import { personalAccessTokens } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";
import { newPersonalAccessToken, personalAccessTokenMessage, personalAccessTokenUse } from "./personal-access-token.ts";

const day = 86_400_000;
const [usualLifetime, longestLifetime] = [30 * day, 400 * day];
/** As many as a person may have. */
const mostTokens = 100;
/** What the access token of whoever makes one must have been granted: no ordinary application makes any. */
const ownScope = "tokens.write";

/** Makes a personal access token of 256 random bits, with the epoch of its owner: what voids everything of theirs voids it. */
export function createPersonalAccessToken(dependencies: AdminDependencies) {
  const { store, vault, peers, clock, tenantIdempotency } = dependencies;
  return async (
    request: CreatePersonalAccessTokenRequest,
    context: HandlerContext,
  ): Promise<CreatePersonalAccessTokenResponse> => {
    const call = callOf(context);
    const asked = request.personalAccessToken;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "personal_access_token: is required");
    const userId = checkCaller(call, asked.scopes);
    checkForm(asked);
    return tenantIdempotency.run(
      call,
      {
        method: PersonalAccessTokenService.method.createPersonalAccessToken,
        requestId: request.requestId,
        request,
        requestSchema: CreatePersonalAccessTokenRequestSchema,
        responseSchema: CreatePersonalAccessTokenResponseSchema,
      },
      async (remember) => {
        checkExpireTime(asked, clock());
        const data = store.tenant(call.tenantId);
        const { items } = await data.page(personalAccessTokens, { index: "user", equals: userId, limit: mostTokens });
        if (items.length >= mostTokens) {
          const text = `a person has at most ${mostTokens} tokens`;
          throw adminFailure(AdminErrorReason.PERSONAL_ACCESS_TOKEN_LIMIT, text);
        }
        const { userEpoch } = await peers.client(RevocationService).getUserEpoch({ userId }, forward(call));
        const now = clock();
        const value = newPersonalAccessToken(call.tenantId);
        const record = create(StoredTokenSchema, {
          id: ulid(now),
          tokenHash: (await vault.tenant(call.tenantId)).keyedHash(personalAccessTokenUse, value),
          userId,
          userEpoch,
          displayName: asked.displayName,
          scopes: asked.scopes,
          createTime: timestampFromMs(now),
          expireTime: asked.expireTime ?? timestampFromMs(now + usualLifetime),
        });
        const response = create(CreatePersonalAccessTokenResponseSchema, {
          personalAccessToken: personalAccessTokenMessage(record, { value }),
        });
        const created = eventOf(
          call,
          now,
          { type: "personal_access_token", id: record.id, version: 1 },
          {
            case: "personalAccessTokenCreated",
            value: { $typeName: "koder.events.v1.PersonalAccessTokenCreated", userId, scopes: record.scopes },
          },
        );
        await data.commit([insert(personalAccessTokens, record), ...remember(response)], [created]);
        return response;
      },
    );
  };
}

/**
 * The caller's own id. They must have signed in themselves, so that no personal access token makes another which outlives it, in
 * an application of the house, because it outlives what others are allowed, and give it no scope that their own access token does not
 * have. Throws PERMISSION_DENIED.
 */
function checkCaller({ caller }: Call, scopes: readonly string[]): string {
  if (caller.kind !== "user" || caller.sessionId === "") {
    throw failure(
      ErrorReason.PERMISSION_DENIED,
      "a personal access token is made by whoever signed in, not by another",
    );
  }
  checkOwnHouse(caller);
  for (const scope of [ownScope, ...scopes]) {
    if (caller.scopes.has(scope)) continue;
    throw failure(ErrorReason.PERMISSION_DENIED, `the access token lacks the scope ${scope}`, {
      metadata: { permission: scope },
    });
  }
  return caller.userId;
}

const violationOf = (field: string, description: string): FieldViolation => ({
  field: `personal_access_token.${field}`,
  description,
});

function checkForm(asked: PersonalAccessToken): void {
  refuse([
    ...(asked.id === "" ? [] : [violationOf("id", "is set by the server")]),
    ...(asked.token === "" ? [] : [violationOf("token", "is made by the server")]),
    ...(asked.createTime ? [violationOf("create_time", "is set by the server")] : []),
    ...(asked.lastUseTime ? [violationOf("last_use_time", "is set by the server")] : []),
    ...shownLineViolations("personal_access_token.display_name", asked.displayName),
  ]);
}

/** Of a repeat it may have passed by now, so it is asked the first time alone. */
function checkExpireTime({ expireTime }: PersonalAccessToken, now: number): void {
  const expires = expireTime === undefined ? now + usualLifetime : timestampMs(expireTime);
  if (expires > now && expires <= now + longestLifetime) return;
  refuse([violationOf("expire_time", "must be in the future, within 400 days")]);
}

function refuse(violations: FieldViolation[]): void {
  if (violations.length === 0) return;
  throw adminFailure(AdminErrorReason.PERSONAL_ACCESS_TOKEN_INVALID, violationsInWords(violations), { violations });
}
