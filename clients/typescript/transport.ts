import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { guardTransport } from "../core/guard-transport.ts";
import { readOptions, type ClientOptions } from "../core/options.ts";
import { namingLostConnections } from "./lost-connection.ts";

/** What can be changed of a client in Node. */
export interface NodeClientOptions extends ClientOptions {
  /** Speaks gRPC over HTTP/2 instead of Connect over HTTP/1.1. */
  readonly grpc?: boolean | undefined;
}

/** What an answer may take in memory; the largest page of the contract is far below it. */
const maxAnswerBytes = 16 * 2 ** 20;

/**
 * The transport of `createKoderId`, for Connect's `createClient` with one service. Connections are kept alive, follow no
 * redirect, and do not keep the process from its end.
 */
export function createTransport(origin: string, options: NodeClientOptions = {}): Transport {
  const settings = readOptions(origin, options);
  const wire = { baseUrl: settings.origin, readMaxBytes: maxAnswerBytes };
  const transport =
    options.grpc === true ? createGrpcTransport(wire) : createConnectTransport({ ...wire, httpVersion: "1.1" });
  return guardTransport(namingLostConnections(transport), settings);
}
