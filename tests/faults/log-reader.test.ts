import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { logReaders } from "../../services/host/event-log/log-reader.ts";
import { event, key, keys } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { insert } from "../../services/store/writes.ts";
import { sharedDatabase } from "../support/postgres-shared.ts";

const drivers = [
  { name: "postgres", makeUrl: sharedDatabase },
  {
    name: "sqlite",
    makeUrl: async () => {
      const folder = mkdtempSync(join(tmpdir(), "koder-id-log-reader-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return `sqlite:${join(folder, "test.db")}`;
    },
  },
] as const;

/** Runs a reader until it has killed itself after so many batches, or, with 0, until `last` was dealt with. */
async function read(url: string, holder: string, batches: number, last: number): Promise<readonly number[]> {
  const program = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "log-reader-process.ts")];
  const child = spawn(process.execPath, [...program, url, holder, String(batches)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const closed = once(child, "close");
  const dealt: number[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    dealt.push(Number(line));
    if (batches === 0 && Number(line) === last) child.kill("SIGKILL");
  });
  const [, signal] = (await closed) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
  return dealt;
}

test.each(drivers)(
  "$name: a reader killed between dealing with events and saving its position",
  async ({ makeUrl }) => {
    const url = await makeUrl();
    const store = await openStore({ url, collections: [keys, logReaders], clock: Date.now });
    onTestFinished(() => store.close());
    const system = store.system();
    const lease = await system.lease("sequencer", "test", 60_000);
    if (lease === undefined) throw new Error("the lease is taken");
    const all = 550;
    for (let made = 0; made < all; made += 50) {
      const ids = Array.from({ length: 50 }, (_, n) => `${made + n + 1}`);
      await store.tenant("acme").commit(
        ids.map((id) => insert(keys, key(id))),
        ids.map((id) => event(id)),
      );
    }
    expect(await system.sequence(lease, 1_000)).toBe(all);

    const saved = async () => Number((await system.get(logReaders, "audit"))?.record.position ?? 0);
    const dealtWith = new Set<number>();
    let again = 0;
    // The first dies at once, others after some batches: each begins where the last one that was saved ended.
    for (const [round, batches] of [1, 2, 1, 3, 0].entries()) {
      const from = await saved();
      const dealt = await read(url, `process${round}`, batches, all);
      expect(dealt).toEqual(Array.from({ length: dealt.length }, (_, n) => from + 1 + n));
      expect(dealt.length).toBeGreaterThan(0);
      again += dealt.filter((position) => dealtWith.has(position)).length;
      for (const position of dealt) dealtWith.add(position);
    }
    expect(dealtWith.size).toBe(all);
    // What the killed ones had dealt with last came again, and nothing else did.
    expect(again).toBe(400);
  },
);
