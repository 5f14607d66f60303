/** The client of Koder ID for browsers; README.md says what it does. */
export * from "../core/surface.ts";
export { createKoderId } from "./koder-id.ts";
export { createTransport } from "./transport.ts";
