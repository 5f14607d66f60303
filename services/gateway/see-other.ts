import type { FastifyReply } from "fastify";

/** Sends a browser on by a GET, whatever it came with (RFC 9110 §15.4.4); nobody keeps where to. */
export const seeOther = (reply: FastifyReply, location: string): FastifyReply =>
  reply.code(303).header("cache-control", "no-store").header("location", location).send();
