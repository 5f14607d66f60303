import type { ClientOptions } from "../core/options.ts";
import { servicesOver, type KoderId } from "../core/services.ts";
import { createTransport } from "./transport.ts";

/**
 * The typed clients of the server at an origin, such as https://id.example.com. The credential of a call selects the tenant.
 * Throws, without having sent anything, when the origin or an option cannot be right.
 */
export function createKoderId(origin: string, options: ClientOptions = {}): KoderId {
  return servicesOver(createTransport(origin, options));
}
