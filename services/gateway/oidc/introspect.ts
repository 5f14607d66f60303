import type { FastifyInstance } from "fastify";
import { TokenService, type IntrospectedToken } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import { contextOf } from "../context.ts";
import { atMost } from "./at-most.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { mountClientEndpoint, refuse } from "./client-endpoint.ts";
import { duplicatesOf } from "./form.ts";

/** The introspection endpoint (RFC 7662). Pages have no secret, and no business here. */
export function mountIntrospect(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  mountClientEndpoint(app, { path: "/oauth/v2/introspect", anyOriginMayRead: false }, async (request, reply, form) => {
    const { outcome } = await peers.client(TokenService).introspectToken(
      {
        clientAuthentications: clientAuthentications(request.headers.authorization, form),
        token: atMost(longestToken, form.get("token")),
        duplicateParameters: duplicatesOf(form),
      },
      forward(contextOf(request).outbound),
    );
    switch (outcome.case) {
      case "token":
        return reply.send(introspectionAnswer(outcome.value));
      case "error":
        return refuse(reply, outcome.value);
      case undefined:
        throw new Error("the oauth service answered an introspection request with nothing");
    }
  });
}

/** RFC 7662 §2.2: of a token that is not active, nothing but that. */
function introspectionAnswer({ active, tokenType, claims }: IntrospectedToken): string {
  if (!active) return JSON.stringify({ active: false });
  return JSON.stringify({ ...claims, active: true, ...(tokenType === "" ? {} : { token_type: tokenType }) });
}
