import type { Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { guardTransport } from "../core/guard-transport.ts";
import { readOptions, type ClientOptions } from "../core/options.ts";
import { sendWithoutCookies } from "./send-without-cookies.ts";

/**
 * The transport of `createKoderId`, for Connect's `createClient` with one service: an application that uses one loads one.
 * Calls are JSON, which the browser's own tools show.
 */
export function createTransport(origin: string, options: ClientOptions = {}): Transport {
  const settings = readOptions(origin, options);
  return guardTransport(createConnectTransport({ baseUrl: settings.origin, fetch: sendWithoutCookies }), settings);
}
