/** The client of Koder ID for Node; README.md says what it does. */
export * from "../core/surface.ts";
export { clientCredentials, type ClientCredentials } from "./client-credentials.ts";
export { createKoderId } from "./koder-id.ts";
export { TokenError } from "./token-error.ts";
export { createTransport, type NodeClientOptions } from "./transport.ts";
