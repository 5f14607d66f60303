import type { FastifyInstance } from "fastify";
import { contextOf } from "../../context.ts";
import { assets, markFile } from "../assets.ts";

/**
 * What browsers ask a host for that have no page at hand, such as those that keep a bookmark: the picture of the tenant whose host
 * it is, where it has one, and our mark otherwise.
 */
export function mountFavicon(app: FastifyInstance): void {
  app.get("/favicon.ico", async (request, reply) => {
    const { tenant, brands, outbound } = contextOf(request);
    const { icon } = brands.peek(tenant.id) ?? (await brands.get(outbound));
    // Not for long: its address stays what it is when the picture is another one.
    void reply.header("cache-control", "public, max-age=3600");
    return icon.href === assets.icon
      ? reply.header("content-type", markFile.type).send(markFile.body)
      : reply.redirect(icon.href, 302);
  });
}
