import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { expect, test } from "vitest";
import { lowerPoolPriority } from "./pool-priority.ts";

/** The nice values of the threads of this process, by their names. */
function niceByThread(): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>();
  for (const id of readdirSync("/proc/self/task")) {
    const name = readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim();
    found.set(name, (found.get(name) ?? new Set()).add(getPriority(Number(id))));
  }
  return found;
}

test.runIf(process.platform === "linux")(
  "every thread of the pool gives way to the event loop, and no other does",
  async () => {
    const own = getPriority();
    const said: unknown[] = [];
    await lowerPoolPriority({ info: (...line: unknown[]) => said.push(line) });
    const found = niceByThread();
    expect(found.get("libuv-worker")).toEqual(new Set([Math.min(own + 10, 19)]));
    for (const [name, nices] of found) if (name !== "libuv-worker") expect(nices, name).toEqual(new Set([own]));
    expect(said).toEqual([]);
  },
);
