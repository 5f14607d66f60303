import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isLatePing } from "./late-ping.ts";

/**
 * A process with a connection to a peer that ends, and whose socket closes 300 ms later; `after` is done in between. The socket
 * reads nothing more meanwhile, as one that is closed: Node takes what comes then for the number of an error.
 */
function program(after: string): { readonly code: number | null; readonly output: string } {
  const text = `
    import { createServer } from "node:http2";
    import { connect } from "node:net";
    import { setTimeout as pause } from "node:timers/promises";
    import { Http2SessionManager } from "@connectrpc/connect-node";
    import { stopGracefully } from "./services/host/graceful.ts";
    import { createLog } from "./services/host/log.ts";
    stopGracefully({ log: createLog({ level: "debug" }), steps: () => [] });
    const server = createServer((request, response) => response.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = "http://127.0.0.1:" + server.address().port;
    const createConnection = () => {
      const socket = connect(server.address().port, "127.0.0.1");
      const destroy = socket._destroy.bind(socket);
      socket._destroy = (error, done) => {
        socket._handle.readStop();
        setTimeout(() => destroy(error, done), 300);
      };
      return socket;
    };
    const keepAlive = { pingIntervalMs: 50, pingTimeoutMs: 1_000, pingIdleConnection: true };
    const sessions = new Http2SessionManager(url, keepAlive, { createConnection });
    const stream = await sessions.request("GET", "/", {}, {});
    stream.resume().on("error", () => undefined);
    await new Promise((resolve) => stream.once("response", resolve));
    stream.session.destroy();
    ${after}
    await pause(600);
    console.log("still here");
    process.exit(0);`;
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", text];
  const options = { cwd: join(import.meta.dirname, "../../.."), encoding: "utf8", timeout: 20_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { code: status, output: stdout + stderr };
}

test("a ping at a connection that has just ended ends no process", () => {
  const { code, output } = program("");
  expect(output).toContain("a peer was asked whether it is there by a connection that has ended");
  expect(output).toContain("still here");
  expect(code).toBe(0);
});

test("any other error that nobody caught ends it", () => {
  const { code, output } = program(`setTimeout(() => { throw new Error("of another kind"); });`);
  expect(output).toContain("an error that nobody caught");
  expect(code).toBe(1);
  for (const error of [
    new Error("ping"),
    "ping",
    Object.assign(new Error("x"), { code: "ERR_HTTP2_INVALID_SESSION" }),
  ]) {
    expect(isLatePing(error)).toBe(false);
  }
});
