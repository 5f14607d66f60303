import { createHash, randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import { CreateSessionRequestSchema } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import {
  GrantRefusal,
  GrantRefusalSchema,
  IssueCodeRequestSchema,
  RedeemCodeRequestSchema,
  RefreshGrantRequestSchema,
  RevokeGrantRequestSchema,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { BumpEpochRequestSchema } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { RevokeSessionRequestSchema } from "#gen/koder/session/v1/session_service_pb.ts";
import { createSession } from "../../browser-sessions/create-session.ts";
import { issueCode } from "../../codes/issue-code.ts";
import { redeemCode } from "../../codes/redeem-code.ts";
import type { SessionDependencies } from "../../dependencies.ts";
import { bumpEpoch } from "../../revocation/bump-epoch.ts";
import { revokeSession } from "../../sessions/revoke-session.ts";
import { refreshGrant } from "../refresh-grant.ts";
import { revokeGrant } from "../revoke-grant.ts";
import type { Operation, Outcome } from "./family-model.ts";
import { kinds } from "./family-rounds.ts";

const userId = "01JUSER0000000000000000000";
const redirectUri = "https://app.example/cb";
const codeVerifier = randomBytes(32).toString("base64url");
const codeChallenge = createHash("sha256").update(codeVerifier).digest("base64url");

/** A family as it really is: its grant, the code that it came of, and every refresh token that was ever given. */
export interface RealFamily {
  readonly kind: (typeof kinds)[number];
  readonly grantId: string;
  readonly code: string;
  readonly tokens: string[];
}

/** What a run works on: the families, and the ids of the sessions by the names that the model has for them. */
export interface Begun {
  readonly families: readonly RealFamily[];
  readonly sessions: Readonly<Record<string, string>>;
}

/** Signs the person in twice, and has each family begin. */
export async function begin(replica: SessionDependencies, context: HandlerContext): Promise<Begun> {
  const signIn = async () => {
    const request = create(CreateSessionRequestSchema, {
      userId,
      authTime: timestampFromMs(replica.clock()),
      acr: "1",
    });
    return (await createSession(replica)(request, context)).session?.id ?? "";
  };
  const sessions: Record<string, string> = { one: await signIn(), two: await signIn() };
  const families: RealFamily[] = [];
  for (const kind of kinds) {
    const scopes = kind.offline ? ["openid", "email", "offline_access"] : ["openid", "email"];
    const { outcome } = await issueCode(replica)(
      create(IssueCodeRequestSchema, {
        clientId: kind.client,
        redirectUri,
        codeChallenge,
        scopes,
        sessionId: sessions[kind.session] ?? "",
      }),
      context,
    );
    if (outcome.case !== "code") throw new Error("no code was issued");
    const redeemed = await redeem(replica, context, kind, outcome.value);
    if (redeemed.case !== "redeemed") throw new Error("the code was not redeemed");
    const { grant, refreshToken } = redeemed.value;
    families.push({ kind, grantId: grant?.id ?? "", code: outcome.value, tokens: [refreshToken] });
  }
  return { families, sessions };
}

/** Does an operation at a replica; answers what its caller learns. */
export async function perform(
  replica: SessionDependencies,
  context: HandlerContext,
  { families, sessions }: Begun,
  operation: Operation,
): Promise<Outcome> {
  const familyOf = ({ family }: { readonly family: number }): RealFamily => {
    const found = families[family];
    if (found === undefined) throw new Error(`there is no family ${family}`);
    return found;
  };
  switch (operation.do) {
    case "refresh": {
      const { token: refreshToken, by: clientId } = operation;
      const scopes = { all: [], narrower: ["openid"], foreign: ["openid", "phone"] }[operation.scope];
      const policy = policyOf(familyOf(operation).kind);
      const request = create(RefreshGrantRequestSchema, { refreshToken, clientId, scopes, refreshPolicy: policy });
      const { outcome } = await refreshGrant(replica)(request, context);
      if (outcome.case === "refreshed") return { gave: outcome.value.refreshToken };
      if (outcome.case === "scopeNotGranted") return { refused: "scope" };
      return refusal(outcome.case === "refusal" ? outcome.value : undefined);
    }
    case "redeem again": {
      const { kind, code } = familyOf(operation);
      const { case: name, value } = await redeem(replica, context, kind, code);
      return name === "refusal" ? refusal(value) : "done";
    }
    case "revoke": {
      const { token, by: clientId } = operation;
      const grant =
        token === undefined ? { case: "grantId" as const, value: familyOf(operation).grantId } : tokenOf(token);
      const { outcome } = await revokeGrant(replica)(create(RevokeGrantRequestSchema, { grant, clientId }), context);
      return outcome.case === "ended" ? "done" : refusal(outcome.value);
    }
    case "withdraw consent": {
      const subject = { case: "consent" as const, value: { userId, clientId: operation.client } };
      const changedVersion = BigInt(operation.version);
      await bumpEpoch(replica)(create(BumpEpochRequestSchema, { subject, changedVersion }), context);
      return "done";
    }
    case "log out": {
      const request = create(RevokeSessionRequestSchema, { sessionId: sessions[operation.session] ?? "" });
      await revokeSession(replica)(request, context).catch((error: unknown) => {
        // It was over before.
        if (!(error instanceof ConnectError) || error.code !== Code.NotFound) throw error;
      });
      return "done";
    }
    case "void": {
      const { subject } = operation;
      const named =
        subject === "the person"
          ? { case: "userId" as const, value: userId }
          : { case: "clientId" as const, value: subject.client };
      await bumpEpoch(replica)(create(BumpEpochRequestSchema, { subject: named }), context);
      return "done";
    }
  }
}

async function redeem(replica: SessionDependencies, context: HandlerContext, kind: RealFamily["kind"], code: string) {
  const request = create(RedeemCodeRequestSchema, {
    code,
    clientId: kind.client,
    redirectUri,
    codeVerifier,
    refreshTokenAllowed: true,
    refreshWithoutOfflineAccess: !kind.offline,
    accessTokenLifetime: durationFromMs(900_000),
    refreshPolicy: policyOf(kind),
  });
  return (await redeemCode(replica)(request, context)).outcome;
}

const policyOf = ({ overlap, absolute }: RealFamily["kind"]) => ({
  overlapMs: BigInt(overlap),
  absoluteLifetimeMs: BigInt(absolute),
});
const tokenOf = (value: string) => ({ case: "refreshToken" as const, value });

function refusal(value: GrantRefusal | undefined): Outcome {
  const name = GrantRefusalSchema.value[value ?? GrantRefusal.UNSPECIFIED]?.localName;
  switch (name) {
    case "UNKNOWN":
    case "REUSED":
    case "OTHER_CLIENT":
    case "REVOKED":
    case "IDLE":
    case "AHEAD":
      return { refused: name };
    default:
      throw new Error(`nobody expects the refusal ${String(name)}`);
  }
}
