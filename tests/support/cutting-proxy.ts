import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * What happens to the client whose COMMIT comes next, once:
 * - before: it never reaches the server, and the connection is cut on both sides;
 * - in half: what was sent along before COMMIT reaches the server, COMMIT does not;
 * - after: the server has done it, and the client never hears of it;
 * - at once: it is sent on and both sides are cut without waiting;
 * - late: the client is cut, and the server gets it when `deliver` is called.
 */
export type Cut = "before" | "in half" | "after" | "at once" | "late";

/** A proxy on loopback between a store and its PostgreSQL, without TLS. */
export interface CuttingProxy {
  readonly port: number;
  /** Arms it for the next COMMIT; with `thenRefuse`, nobody gets through from that moment on. */
  cutNext(how: Cut, options?: { readonly thenRefuse: boolean }): void;
  /** How many cuts there were. */
  readonly cuts: () => number;
  /** Sends on what came late, and resolves when the server has answered it. */
  deliver(): Promise<void>;
  /** Cuts every connection, and refuses new ones until it is called with false. */
  refuse(refused: boolean): void;
  close(): Promise<void>;
}

const commit = Buffer.from("COMMIT\0");

/** Starts a proxy to a port of this machine. */
export async function startCuttingProxy(to: number): Promise<CuttingProxy> {
  let armed: { readonly how: Cut; readonly thenRefuse: boolean } | undefined;
  let cuts = 0;
  let refused = false;
  let late: (() => Promise<void>) | undefined;
  const open = new Set<Socket>();

  function serve(client: Socket): void {
    if (refused) return void client.destroy();
    const server = connect(to, "127.0.0.1").setNoDelay();
    client.setNoDelay();
    let isDeaf = false;
    for (const socket of [client, server]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => open.delete(socket));
    }
    server.on("close", () => client.destroy());
    client.on("close", () => {
      if (!isDeaf) server.destroy();
    });
    server.on("data", (chunk: Buffer) => {
      if (!isDeaf) client.write(chunk);
    });
    client.on("data", (chunk: Buffer) => {
      const at = chunk.indexOf(commit);
      if (armed === undefined || at === -1) return void server.write(chunk);
      const { how, thenRefuse } = armed;
      armed = undefined;
      cuts += 1;
      refused ||= thenRefuse;
      // A message begins five bytes before its text.
      if (how === "in half") server.write(chunk.subarray(0, at - 5));
      if (how === "before" || how === "in half") return cutBoth();
      if (how === "at once") return void server.write(chunk, cutBoth);
      isDeaf = true;
      const deliver = async (): Promise<void> => {
        const done = answered(server);
        server.write(chunk);
        await done;
        server.destroy();
      };
      if (how === "late") {
        client.destroy();
        late = deliver;
      } else {
        void deliver().then(() => client.destroy());
      }
    });
    function cutBoth(): void {
      client.destroy();
      server.destroy();
    }
  }

  const listener = createServer(serve).listen(0, "127.0.0.1");
  await once(listener, "listening");
  return {
    port: (listener.address() as AddressInfo).port,
    cutNext: (how, { thenRefuse } = { thenRefuse: false }) => void (armed = { how, thenRefuse }),
    cuts: () => cuts,
    async deliver() {
      if (late === undefined) throw new Error("nothing came late");
      await late();
    },
    refuse(value) {
      refused = value;
      if (value) for (const socket of open) socket.destroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

/** The last message of an answer: ready, and in no transaction. */
const ready = Buffer.from("Z\0\0\0\u0005I");

/** Resolves when the server has answered all of what was sent in one go, or has gone. */
function answered(server: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (server.destroyed) return resolve();
    server.on("data", (piece: Buffer) => {
      if (piece.subarray(-ready.length).equals(ready)) resolve();
    });
    server.once("close", () => resolve());
  });
}
