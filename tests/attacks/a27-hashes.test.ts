import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { expect, test } from "vitest";
import { startServer } from "../support/server.ts";

// Threads have priorities of their own on Linux alone.
test.runIf(process.platform === "linux")(
  "A27: the threads of a server that hash passwords give way to the one that answers",
  async () => {
    const server = await startServer();
    try {
      const task = `/proc/${server.pid}/task`;
      const pool = readdirSync(task).filter((id) =>
        readFileSync(`${task}/${id}/comm`, "utf8").startsWith("libuv-worker"),
      );
      expect(pool.length).toBeGreaterThan(0);
      const answering = getPriority(server.pid);
      for (const id of pool) expect(getPriority(Number(id))).toBeGreaterThan(answering);
    } finally {
      await server.stop();
    }
  },
);
