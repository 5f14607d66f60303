import type { FastifyInstance } from "fastify";
import { TokenService, type IssuedTokens } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { atMost, longestSent } from "./at-most.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { dpopProofOf } from "./dpop-header.ts";
import { mountClientEndpoint, refuse } from "./client-endpoint.ts";
import { duplicatesOf } from "./form.ts";

/** The token endpoint (RFC 6749 §3.2). */
export function mountToken(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  mountClientEndpoint(app, { path: "/oauth/v2/token", anyOriginMayRead: true }, async (request, reply, form) => {
    const { outcome, dpopNonce } = await peers.client(TokenService).issueToken(
      {
        clientAuthentications: clientAuthentications(request.headers.authorization, form),
        grantType: form.get("grant_type"),
        code: atMost(longestSent.secret, form.get("code")),
        redirectUri: form.get("redirect_uri"),
        codeVerifier: form.get("code_verifier"),
        refreshToken: atMost(longestSent.secret, form.get("refresh_token")),
        deviceCode: atMost(longestSent.secret, form.get("device_code")),
        scope: form.get("scope"),
        resources: form.getAll("resource"),
        duplicateParameters: duplicatesOf(form),
        dpopProof: dpopProofOf(request),
      },
      forward(contextOf(request).outbound),
    );
    if (dpopNonce !== "") void reply.header("dpop-nonce", dpopNonce);
    switch (outcome.case) {
      case "tokens":
        return reply.send(tokenAnswer(outcome.value));
      case "error":
        return refuse(reply, outcome.value);
      case undefined:
        throw new Error("the oauth service answered a token request with nothing");
    }
  });
}

/** RFC 6749 §5.1, OpenID Connect Core §3.1.3.3. Without `scope` a client would take it that it was given all that it asked for. */
const tokenAnswer = ({ accessToken, tokenType, expiresIn, refreshToken, idToken, scope }: IssuedTokens): string =>
  JSON.stringify({
    access_token: accessToken,
    token_type: tokenType,
    expires_in: expiresIn,
    ...(refreshToken === "" ? {} : { refresh_token: refreshToken }),
    ...(idToken === "" ? {} : { id_token: idToken }),
    scope,
  });
