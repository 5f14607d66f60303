import type { FastifyRequest } from "fastify";
import { atMost, longestSent } from "./at-most.ts";

/** The proof in a request's DPoP header (RFC 9449 §4.1); empty when there is none. Two headers make a text that is no proof. */
export function dpopProofOf({ headers: { dpop } }: FastifyRequest): string {
  const sent = Array.isArray(dpop) ? dpop.join(", ") : (dpop ?? "");
  return atMost(longestSent.jwt, sent);
}
