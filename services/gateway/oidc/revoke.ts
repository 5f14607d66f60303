import type { FastifyInstance } from "fastify";
import { TokenService } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { longestToken } from "../../vault/verify-jwt.ts";
import { contextOf } from "../context.ts";
import { atMost } from "./at-most.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { mountClientEndpoint, refuse } from "./client-endpoint.ts";
import { duplicatesOf } from "./form.ts";

/** The revocation endpoint (RFC 7009). A success says nothing (§2.2). */
export function mountRevoke(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  mountClientEndpoint(app, { path: "/oauth/v2/revoke", anyOriginMayRead: true }, async (request, reply, form) => {
    const { outcome } = await peers.client(TokenService).revokeToken(
      {
        clientAuthentications: clientAuthentications(request.headers.authorization, form),
        token: atMost(longestToken, form.get("token")),
        duplicateParameters: duplicatesOf(form),
      },
      forward(contextOf(request).outbound),
    );
    switch (outcome.case) {
      case "revoked":
        return reply.removeHeader("content-type").send();
      case "error":
        return refuse(reply, outcome.value);
      case undefined:
        throw new Error("the oauth service answered a revocation request with nothing");
    }
  });
}
