import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { ClientAuthentication } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Call } from "../../host/call.ts";
import { useOnce } from "../../host/one-time-proof.ts";
import { foreignAlg } from "../../vault/foreign-key.ts";
import { readForeignJwt, type ForeignJwt } from "../../vault/foreign-jwt.ts";
import { JwtRefused } from "../../vault/verify-jwt.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { OAuthRefusal } from "../oauth-error.ts";

/** RFC 7523 §2.2. */
const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Libraries' defaults go up to an hour. */
const longestLifetime = 3_600;
/** By how many seconds a client's clock may be ahead of ours. */
const clockTolerance = 60;
const longestJti = 256;

const refused = (what: string) => new OAuthRefusal("invalid_client", `client_assertion ${what}`);

/** An assertion that was read and not verified: whose it says that it is. */
export interface Assertion {
  readonly jwt: ForeignJwt;
  readonly clientId: string;
}

/** Reads the assertion of a request (RFC 7521 §4.2), which may name its client alone. Throws an OAuthRefusal where it is none. */
export function readAssertion({ clientAssertion, clientAssertionType }: ClientAuthentication): Assertion {
  if (clientAssertion === "") throw new OAuthRefusal("invalid_request", "client_assertion is missing");
  if (clientAssertionType !== jwtBearer) {
    throw new OAuthRefusal("invalid_request", `client_assertion_type must be ${jwtBearer}`);
  }
  try {
    const jwt = readForeignJwt(clientAssertion);
    const { iss, sub } = jwt.claims;
    if (typeof sub !== "string" || iss !== sub) throw refused("must have the client_id as iss and as sub");
    return { jwt, clientId: sub };
  } catch (error) {
    if (!(error instanceof JwtRefused)) throw error;
    throw refused(error.fault === "header" ? "must be signed with RS256, PS256, ES256 or EdDSA" : "is no JWT");
  }
}

/**
 * Checks an assertion of a client that registered private_key_jwt (RFC 7523 §3, OpenID Connect Core §9): its type and
 * algorithm, its times and audience, its signature by one of the client's keys, and last that it was not used before.
 * `endpoint` is the path of the endpoint that it was sent to.
 */
export async function checkAssertion(
  needs: Pick<OauthDependencies, "tenants" | "oauthPolicies" | "peers" | "clientKeys" | "clock">,
  call: Call,
  { client, jwt, endpoint }: { readonly client: Client; readonly jwt: ForeignJwt; readonly endpoint: string },
): Promise<void> {
  const now = needs.clock();
  const [{ canonicalOrigin: issuer }, policy] = await Promise.all([
    needs.tenants.get(call),
    needs.oauthPolicies.get(call),
  ]);
  const isStrict = client.strictAssertionAudience || policy.strictAssertionAudience;
  checkType(jwt);
  checkAlgorithm(jwt, client);
  const expiresAt = checkTimes(jwt, now);
  checkAudience(jwt, isStrict ? [issuer] : audiences(issuer, endpoint));
  const jti = checkId(jwt);
  if (!(await needs.clientKeys.hasSigned(call, client, jwt))) throw refused("was not signed with a key of the client");
  const proof = { kind: "client_assertion", maker: client.clientId, jti, expiresAt } as const;
  if (!(await useOnce(needs.peers, call, proof))) throw refused("was used before: its jti is not new");
}

/** No token of another kind is taken for an assertion (RFC 8725 §3.11). */
function checkType({ header: { typ } }: ForeignJwt): void {
  if (typ !== undefined && !(typeof typ === "string" && /^(?:jwt|client-authentication\+jwt)$/i.test(typ))) {
    throw refused("must have the typ JWT or none");
  }
}

function checkAlgorithm({ alg }: ForeignJwt, { tokenEndpointAuthSigningAlg: registered }: Client): void {
  if (registered !== "" && foreignAlg(registered) !== alg) {
    throw refused(`must be signed with ${registered}, as the client registered`);
  }
}

/** `exp` near, `nbf` and `iat` not in the future. Answers when it expires, in milliseconds. */
function checkTimes({ claims: { exp, nbf, iat } }: ForeignJwt, now: number): number {
  const seconds = now / 1000;
  if (!isTime(exp)) throw refused("must have an exp");
  if (exp <= seconds) throw refused("has expired");
  if (exp > seconds + longestLifetime + clockTolerance) throw refused("must expire within an hour");
  for (const [name, time] of Object.entries({ nbf, iat })) {
    if (time === undefined) continue;
    if (!isTime(time)) throw refused(`must have a time as ${name}`);
    if (time > seconds + clockTolerance) throw refused(`must not have an ${name} in the future`);
  }
  return exp * 1000;
}

const isTime = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const tokenEndpoint = "/oauth/v2/token";

/** Whom an assertion may be for: us by our issuer, the token endpoint, or the endpoint that it was sent to (RFC 9126 §2). */
const audiences = (issuer: string, endpoint: string): readonly string[] => [
  issuer,
  `${issuer}${tokenEndpoint}`,
  `${issuer}${endpoint}`,
];

/** One text: a list would be good at other servers as well, which could use it here. */
function checkAudience({ claims: { aud } }: ForeignJwt, allowed: readonly string[]): void {
  if (typeof aud !== "string" || !allowed.includes(aud)) {
    throw refused(`must have one of these as aud, and not in a list: ${[...new Set(allowed)].join(" ")}`);
  }
}

function checkId({ claims: { jti } }: ForeignJwt): string {
  if (typeof jti === "string" && jti !== "" && jti.length <= longestJti) return jti;
  throw refused(`must have a jti of 1 to ${longestJti} characters`);
}
