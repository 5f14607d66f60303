import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Stands in front of several servers as a balancer of connections does. */
export interface Balancer {
  /** `http://localhost:<port>` */
  readonly origin: string;
  /** Says where the servers are: `host:port`, each. */
  use(targets: readonly string[]): void;
  stop(): Promise<void>;
}

/** Hands each connection to the next server in turn; to another one when that does not take it. */
export async function startBalancer(): Promise<Balancer> {
  let targets: readonly string[] = [];
  let turn = 0;
  const sockets = new Set<Socket>();
  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    return socket;
  }
  /** `left` are the servers that have not been tried for this client, best first. */
  function hand(client: Socket, [target, ...left]: readonly string[]): void {
    if (target === undefined) return void client.destroy();
    const [host, port] = target.split(":");
    const upstream = keep(connect(Number(port), host ?? ""));
    const next = () => hand(client, left);
    upstream.once("error", next);
    upstream.once("connect", () => {
      upstream.off("error", next);
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
      client.pipe(upstream).pipe(client);
    });
  }
  const server = createServer((client) => {
    keep(client).on("error", () => client.destroy());
    turn += 1;
    const first = turn % Math.max(targets.length, 1);
    hand(client, [...targets.slice(first), ...targets.slice(0, first)]);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    use: (found) => void (targets = found),
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
