import type { FastifyInstance } from "fastify";
import { AuthorizationService } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import type { ShowError } from "./error-page.ts";

const path = "/pages/logo";

/** Where a page of ours finds a client's logo; empty where it has none. */
export const logoPath = (clientId: string, version: string): string =>
  version === "" ? "" : `${path}/${encodeURIComponent(clientId)}?v=${version}`;

/**
 * Clients' logos from our own origin, so that nobody's host learns who looks at our pages. What is sent is a picture by its
 * bytes, says so, and can be nothing else even when it is opened by itself (security A18).
 */
export function mountClientLogo(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  app.get<{ Params: { readonly clientId: string } }>(`${path}/:clientId`, async (request, reply) => {
    const { image, mediaType } = await peers
      .client(AuthorizationService)
      .getClientLogo({ clientId: request.params.clientId.slice(0, 256) }, forward(contextOf(request).outbound));
    if (image.length === 0) {
      const detail = "there is no client of this client_id here, or it has no logo";
      return showError(request, reply, { status: 404, reason: "NOT_FOUND", detail });
    }
    return reply
      .header("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
      .header("cross-origin-resource-policy", "same-origin")
      .header("x-content-type-options", "nosniff")
      .header("content-type", mediaType)
      .header("cache-control", "public, max-age=3600")
      .send(Buffer.from(image.buffer, image.byteOffset, image.byteLength));
  });
}
