import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import { contextOf } from "../context.ts";
import { anyOrigin } from "./cors.ts";
import { hasMatchingEtag } from "./if-none-match.ts";

interface Prepared {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

const remembered = { maxEntries: 10_000, ttl: 5_000 };

/** A document, and how long others may keep it, in seconds. */
export interface PublicDocument {
  readonly document: object;
  readonly maxAge: number;
}

/** A public document of each tenant, as it is answered. */
export interface PreparedAnswer {
  readonly answer: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;
  /** Has the tenant's document made anew for whoever asks next. */
  readonly forget: (tenantId: string) => void;
}

/**
 * Answers a public document of a tenant from prepared bytes, made anew every five seconds, with an ETag. What may be in others'
 * hands for `maxAge` must still be good then, so that nothing has to end them earlier; what is new in it can be known sooner.
 */
export function preparedAnswer({
  make,
  contentType,
  clock,
}: {
  readonly make: (request: FastifyRequest) => Promise<PublicDocument>;
  readonly contentType: string;
  readonly clock: () => number;
}): PreparedAnswer {
  const cache = createBoundedCache<Prepared>({ ...remembered, clock });

  async function prepare(request: FastifyRequest): Promise<Prepared> {
    const { document, maxAge } = await make(request);
    const body = Buffer.from(JSON.stringify(document), "utf8");
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    return {
      body,
      etag,
      headers: { ...anyOrigin, "content-type": contentType, "cache-control": `public, max-age=${maxAge}`, etag },
    };
  }
  function answer(request: FastifyRequest, reply: FastifyReply, { body, headers, etag }: Prepared): FastifyReply {
    void reply.headers(headers);
    return hasMatchingEtag(request.headers["if-none-match"], etag) ? reply.code(304).send() : reply.send(body);
  }

  return {
    answer(request, reply) {
      const { tenant } = contextOf(request);
      const known = cache.peek(tenant.id);
      if (known !== undefined) return answer(request, reply, known);
      return cache.get(tenant.id, () => prepare(request)).then((prepared) => answer(request, reply, prepared));
    },
    forget: (tenantId) => cache.delete(tenantId),
  };
}
