import type { FastifyInstance } from "fastify";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { authorizationParameters } from "./authorization-parameters.ts";
import { clientAuthentications } from "./client-authentication.ts";
import { dpopProofOf } from "./dpop-header.ts";
import { mountClientEndpoint, refuse } from "./client-endpoint.ts";

/** The pushed authorization request endpoint (RFC 9126). */
export function mountPar(app: FastifyInstance, { peers }: { readonly peers: Peers }): void {
  mountClientEndpoint(app, { path: "/oauth/v2/par", anyOriginMayRead: true }, async (request, reply, form) => {
    const { outcome, dpopNonce } = await peers.client(AuthorizationService).pushAuthorization(
      {
        clientAuthentications: clientAuthentications(request.headers.authorization, form),
        parameters: authorizationParameters(form),
        loginHandle: form.get("login_handle"),
        dpopProof: dpopProofOf(request),
      },
      forward(contextOf(request).outbound),
    );
    if (dpopNonce !== "") void reply.header("dpop-nonce", dpopNonce);
    switch (outcome.case) {
      case "pushed": {
        const { requestUri, expiresIn } = outcome.value;
        return reply.code(201).send(JSON.stringify({ request_uri: requestUri, expires_in: expiresIn }));
      }
      case "error":
        return refuse(reply, outcome.value);
      case undefined:
        throw new Error("the oauth service answered a pushed request with nothing");
    }
  });
}
