import { randomUUID } from "node:crypto";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { LogoutDelivery } from "#gen/koder/oauth/store/v1/logout_delivery_pb.ts";
import type { Outbound } from "../../../host/call.ts";
import { signJwt } from "../../../vault/sign-jwt.ts";
import { isSigningAlg } from "../../../vault/signing-key.ts";
import type { OauthDependencies } from "../../dependencies.ts";

/** How long a logout token is good, in seconds: for the way, and a clock that is a little off. */
const lifetime = 120;

/**
 * The logout token of one attempt (OpenID Connect Back-Channel Logout §2.4), signed as the client's id tokens are. It is
 * another one each time, so that a client that refuses a `jti` it has seen takes a retry.
 */
export async function logoutToken(
  { tenants, signingKeys, subjects, clock }: Pick<OauthDependencies, "tenants" | "signingKeys" | "subjects" | "clock">,
  work: Outbound,
  client: Client,
  { sessionId, userId }: LogoutDelivery,
): Promise<string> {
  const alg = client.idTokenSignedResponseAlg || "RS256";
  if (!isSigningAlg(alg)) throw new Error(`client ${client.clientId} wants the unknown algorithm ${alg}`);
  const [{ canonicalOrigin }, key, sub, sid] = await Promise.all([
    tenants.get(work),
    signingKeys.current(work, alg),
    subjects.of(work, client, userId),
    subjects.ofSession(work, client, sessionId),
  ]);
  const iat = Math.floor(clock() / 1000);
  return signJwt(
    key,
    { typ: "logout+jwt" },
    {
      iss: canonicalOrigin,
      sub,
      aud: client.clientId,
      iat,
      exp: iat + lifetime,
      jti: randomUUID(),
      sid,
      events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    },
  );
}
