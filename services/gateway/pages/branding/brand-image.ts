import type { FastifyInstance } from "fastify";
import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import type { BrandingImage } from "#gen/koder/admin/v1/branding_pb.ts";
import { forward } from "../../../host/call.ts";
import type { Peers } from "../../../host/peers.ts";
import { contextOf } from "../../context.ts";
import type { ShowError } from "../error-page.ts";

const path = "/pages/branding";

/** Where a page finds a picture of its tenant: the name changes with the picture. */
export const brandImagePath = ({ version }: Pick<BrandingImage, "version">): string => `${path}/${version}`;

/**
 * The pictures of tenants, each from the tenant's own origin alone, to be kept for a year. What is sent is a picture by its
 * bytes, says so, and can be nothing else even when it is opened by itself (security A18).
 */
export function mountBrandImage(
  app: FastifyInstance,
  { peers, showError }: { readonly peers: Peers; readonly showError: ShowError },
): void {
  app.get<{ Params: { readonly version: string } }>(`${path}/:version`, async (request, reply) => {
    const { version } = request.params;
    const { image } = /^[0-9a-f]{16}$/.test(version)
      ? await peers.client(ShownBrandingService).getBrandingImage({ version }, forward(contextOf(request).outbound))
      : { image: undefined };
    if (image === undefined) {
      return showError(request, reply, { status: 404, reason: "NOT_FOUND", detail: "there is no such picture here" });
    }
    const { data, mediaType } = image;
    return reply
      .header("content-security-policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
      .header("cross-origin-resource-policy", "same-origin")
      .header("x-content-type-options", "nosniff")
      .header("content-type", mediaType)
      .header("cache-control", "public, max-age=31536000, immutable")
      .send(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  });
}
