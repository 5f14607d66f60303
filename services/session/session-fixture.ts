import { randomBytes } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  CreateSessionRequestSchema,
  ResolveSessionRequestSchema,
} from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import type { RedeemDeviceCodeResponse } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import {
  InspectRefreshTokenRequestSchema,
  type InspectRefreshTokenRequest,
  IssueCodeRequestSchema,
  RedeemCodeRequestSchema,
  RefreshGrantRequestSchema,
  RevokeGrantRequestSchema,
  type RedeemCodeResponse,
  type RefreshGrantResponse,
  type RevokeGrantRequest,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { BumpEpochRequestSchema, CheckTokenRequestSchema } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { createPageTokens } from "../host/page-token.ts";
import { handlerContext } from "../host/testing/handler-context.ts";
import { openStore } from "../store/open-store.ts";
import { vaultTenantKeys } from "../vault/collections.ts";
import { testVault } from "../vault/testing/test-vault.ts";
import { createSession } from "./browser-sessions/create-session.ts";
import { resolveSession } from "./browser-sessions/resolve-session.ts";
import { createRecentUses } from "./browser-sessions/session-use.ts";
import { createSessionSchedule } from "./browser-sessions/session-schedule.ts";
import { issueCode } from "./codes/issue-code.ts";
import { redeemCode } from "./codes/redeem-code.ts";
import { sessionCollections } from "./collections.ts";
import { defaultSessionLifetimes, defaultUserCodeAttempts, type SessionDependencies } from "./dependencies.ts";
import { inspectRefreshToken } from "./refresh/inspect-refresh-token.ts";
import { refreshGrant } from "./refresh/refresh-grant.ts";
import { revokeGrant } from "./refresh/revoke-grant.ts";
import { bumpEpoch } from "./revocation/bump-epoch.ts";
import { checkToken } from "./revocation/check-token.ts";
import { createHash } from "node:crypto";

/** Whose tokens a test voids. */
type BumpSubject =
  | { case: "userId" | "clientId"; value: string }
  | { case: "consent"; value: { userId: string; clientId: string } };

/** The session service's use cases over a real store and vault, with a clock that the test owns. */
export async function sessionFixture(url = "memory:") {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const collections = [...sessionCollections, vaultTenantKeys] as typeof sessionCollections;
  const store = await openStore({ url, collections, clock });
  const vault = testVault(store, clock);
  const dependencies: SessionDependencies = {
    store,
    vault,
    pageTokens: createPageTokens(vault),
    sessionSchedule: createSessionSchedule({ system: store.system() }),
    recentUses: createRecentUses(),
    onSessionFault: (error) => {
      throw error;
    },
    clock,
    lifetimes: defaultSessionLifetimes,
    userCodeAttempts: defaultUserCodeAttempts,
  };
  const userId = "01JUSER0000000000000000000";
  const clientId = "dev.koder.chat";
  const redirectUri = "https://chat.koder.dev/cb";
  const codeVerifier = randomBytes(32).toString("base64url");

  const signIn = (
    userEpoch = 0n,
    previousSessionToken = "",
    person = userId,
    more: MessageInitShape<typeof CreateSessionRequestSchema> = {},
  ) =>
    createSession(dependencies)(
      create(CreateSessionRequestSchema, {
        userId: person,
        authTime: timestampFromMs(now),
        acr: "1",
        amr: ["pwd"],
        userEpoch,
        previousSessionToken,
        ...more,
      }),
      handlerContext(),
    );
  const resolve = (sessionToken: string, clientAddress = "") =>
    resolveSession(dependencies)(
      create(ResolveSessionRequestSchema, { sessionToken }),
      handlerContext({ clientAddress }),
    );
  const codeOf = (
    sessionId: string,
    scopes = ["openid", "offline_access"],
    overrides: MessageInitShape<typeof IssueCodeRequestSchema> = {},
    clientAddress = "",
  ) =>
    issueCode(dependencies)(
      create(IssueCodeRequestSchema, {
        clientId,
        redirectUri,
        codeChallenge: createHash("sha256").update(codeVerifier).digest("base64url"),
        nonce: "n",
        scopes,
        sessionId,
        ...overrides,
      }),
      handlerContext({ clientAddress }),
    );
  const redeem = (code: string, overrides: Record<string, unknown> = {}, tenantId = "t1") =>
    redeemCode(dependencies)(
      create(RedeemCodeRequestSchema, {
        code,
        clientId,
        redirectUri,
        codeVerifier,
        refreshTokenAllowed: true,
        accessTokenLifetime: durationFromMs(900_000),
        ...overrides,
      }),
      handlerContext({ tenantId }),
    );
  const refresh = (refreshToken: string, overrides: Record<string, unknown> = {}, tenantId = "t1") =>
    refreshGrant(dependencies)(
      create(RefreshGrantRequestSchema, { refreshToken, clientId, ...overrides }),
      handlerContext({ tenantId }),
    );

  return {
    dependencies,
    store,
    userId,
    clientId,
    signIn,
    resolve,
    codeOf,
    redeem,
    refresh,
    advance(milliseconds: number): void {
      now += milliseconds;
    },
    /** A code of a new session. */
    async code(scopes?: string[], overrides?: MessageInitShape<typeof IssueCodeRequestSchema>): Promise<string> {
      const { session } = await signIn();
      const { outcome } = await codeOf(session?.id ?? "", scopes, overrides);
      if (outcome.case !== "code") throw new Error("no code was issued");
      return outcome.value;
    },
    isGood: async (grantId: string) =>
      (await checkToken(dependencies)(create(CheckTokenRequestSchema, { clientId, grantId }), handlerContext())).active,
    inspect: (
      refreshToken: string,
      tenantId = "t1",
      clientNow: Partial<Omit<InspectRefreshTokenRequest, "$typeName" | "refreshToken">> = {},
    ) =>
      inspectRefreshToken(dependencies)(
        create(InspectRefreshTokenRequestSchema, { ...clientNow, refreshToken }),
        handlerContext({ tenantId }),
      ),
    revoke: (grant: RevokeGrantRequest["grant"], by = clientId, tenantId = "t1") =>
      revokeGrant(dependencies)(
        create(RevokeGrantRequestSchema, { grant, clientId: by }),
        handlerContext({ tenantId }),
      ),
    bump: (subject: BumpSubject, changedVersion = 0n) =>
      bumpEpoch(dependencies)(create(BumpEpochRequestSchema, { subject, changedVersion }), handlerContext()),
  };
}

/** The grant and refresh token of a success. Throws when it was refused. */
export function granted({ outcome }: RedeemCodeResponse | RedeemDeviceCodeResponse | RefreshGrantResponse) {
  if (outcome.case !== "redeemed" && outcome.case !== "refreshed") {
    throw new Error(`refused: ${outcome.case} ${String(outcome.value)}`);
  }
  const { grant, refreshToken } = outcome.value;
  if (grant === undefined) throw new Error("a success without a grant");
  return { grant, refreshToken };
}
