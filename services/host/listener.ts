import type { RequestListener } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { FastifyInstance, FastifyServerFactory } from "fastify";
import { serverOf } from "./http-app.ts";
import type { TlsFiles } from "./dual-secure.ts";

/** A port, open or to be opened. */
export interface Listener {
  /** Listens, and answers the port. Rejects with a sentence that names the address when it cannot. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more, lets what is under way finish, and resolves when all connections are gone. */
  close(): Promise<void>;
}

/**
 * A port whose application is made with its first request: a process has a port for each of its services, and most are never
 * called, because in one process services call one another without. `make` is given the factory of its server.
 */
export function lazyListener(
  tls: TlsFiles | undefined,
  make: (serverFactory: FastifyServerFactory) => FastifyInstance,
): Listener {
  let application: FastifyInstance | undefined;
  let handler: RequestListener | undefined;
  let ready: Promise<void> | undefined;
  const server = serverOf(tls)((request, response) => {
    if (handler !== undefined) return handler(request, response);
    ready ??= start();
    ready.then(
      () => handler?.(request, response),
      () => response.destroy(),
    );
  }, {});

  async function start(): Promise<void> {
    let made: RequestListener | undefined;
    application = make((handle) => {
      made = handle;
      return server;
    });
    await application.ready();
    handler = made;
  }

  return {
    async listen(host, port) {
      server.listen({ host, port });
      await once(server, "listening").catch((cause: unknown) => {
        throw portTaken(cause, host, port);
      });
      return (server.address() as AddressInfo).port;
    },
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      await ready?.catch(() => undefined);
      await application?.close();
      await closed;
    },
  };
}

/** A port that is taken is told by name, not by a stack. */
export function portTaken(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EADDRINUSE" ? new Error(`${host}:${port} is taken by another program`, { cause: error }) : error;
}
