import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { EventSchema } from "../../gen/ts/koder/events/v1/event_pb.ts";
import { key, keys } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { Conflict, StoreUnavailable, type LogEntry, type Store } from "../../services/store/store.ts";
import { insert, replace } from "../../services/store/writes.ts";
import { sharedDatabase } from "../support/postgres-shared.ts";

/** How long the lease of the sequencers under test holds, in milliseconds. */
const lease = 900;
const soon = async (check: () => unknown): Promise<void> =>
  expect.poll(check, { timeout: 20_000, interval: 2 }).toBeTruthy();

/** A process that sequences. */
async function startSequencer(url: string, holder: string) {
  const program = ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "sequencer-process.ts")];
  const child = spawn(process.execPath, [...program, url, holder, String(lease)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  const ended = once(child, "exit");
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  const kill = async (): Promise<void> => {
    signal("SIGKILL"); // of a stopped process too
    await ended;
  };
  onTestFinished(kill);
  const count = (line: string): number => said.filter((one) => one === line).length;
  await soon(() => count("ready") === 1);
  return { holder, count, signal, kill };
}
type Sequencer = Awaited<ReturnType<typeof startSequencer>>;

/** Two processes that compete, and whoever takes the place of one that was killed. */
async function startTwo(url: string) {
  let started = 0;
  const start = () => startSequencer(url, `process${(started += 1)}`);
  const running: Sequencer[] = [await start(), await start()];
  return {
    /** The one that moves events now, and the other. */
    async active(): Promise<readonly [Sequencer, Sequencer]> {
      const [one, two] = running as [Sequencer, Sequencer];
      const before = [one.count("moved"), two.count("moved")];
      await soon(() => one.count("moved") > (before[0] ?? 0) || two.count("moved") > (before[1] ?? 0));
      return one.count("moved") > (before[0] ?? 0) ? [one, two] : [two, one];
    },
    async replace(gone: Sequencer): Promise<void> {
      running[running.indexOf(gone)] = await start();
    },
  };
}

/** Resolves when a process has moved events again; answers after how many milliseconds. */
async function untilItMoves(sequencer: Sequencer, times = 1): Promise<number> {
  const [began, before] = [performance.now(), sequencer.count("moved")];
  await soon(() => sequencer.count("moved") >= before + times);
  return Math.round(performance.now() - began);
}

const tenants = ["one", "two", "three"] as const;
const resources = ["x", "y"] as const;

/** Changes resources of several tenants, each by two writers whose commits overlap, and reads the log meanwhile. */
function work(store: Store) {
  const acknowledged: string[] = [];
  const seen: LogEntry[] = [];
  const stopped = new AbortController();
  async function write(tenantId: string, id: string): Promise<void> {
    const tenant = store.tenant(tenantId);
    for (; !stopped.signal.aborted; await delay(3)) {
      try {
        const version = ((await tenant.get(keys, id))?.version ?? 0) + 1;
        const event = create(EventSchema, {
          id: `${tenantId}/${id}/${version}`,
          resourceId: id,
          resourceVersion: BigInt(version),
        });
        await tenant.commit([version === 1 ? insert(keys, key(id)) : replace(keys, key(id), version - 1)], [event]);
        acknowledged.push(event.id);
      } catch (error) {
        // The other writer was first; or, with sqlite, a process was stopped while it had the file.
        const isNotDone = error instanceof StoreUnavailable && error.outcome === "not done";
        if (!(error instanceof Conflict) && !isNotDone) throw error;
      }
    }
  }
  async function read(): Promise<void> {
    for (; !stopped.signal.aborted; await delay(5))
      seen.push(...(await store.system().log(seen.at(-1)?.position ?? 0, 500)));
  }
  const working = Promise.all([
    ...tenants.flatMap((tenant) => resources.flatMap((id) => [write(tenant, id), write(tenant, id)])),
    read(),
  ]);
  async function stop() {
    stopped.abort();
    await working;
    return { acknowledged, seen };
  }
  onTestFinished(async () => void (await stop()));
  return { stop };
}

/** Checks the log against what was acknowledged and what a reader saw of it at any time; answers how long it is. */
async function checkLog(
  store: Store,
  { acknowledged, seen }: { readonly acknowledged: readonly string[]; readonly seen: readonly LogEntry[] },
): Promise<number> {
  const system = store.system();
  await soon(async () => (await system.outbox(0, 1)).length === 0);
  const log: LogEntry[] = [];
  for (let more = true; more;) {
    const entries = await system.log(log.at(-1)?.position ?? 0, 1_000);
    log.push(...entries);
    more = entries.length > 0;
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n + 1);
  expect(log.map(({ position }) => position)).toEqual(upTo(log.length));
  expect(log.map(({ event }) => event.id).toSorted()).toEqual(acknowledged.toSorted());
  for (const tenant of tenants) {
    const own = log.filter(({ tenantId }) => tenantId === tenant);
    expect(own.map(({ number }) => number)).toEqual(upTo(own.length));
    for (const id of resources) {
      const versions = own
        .filter(({ event }) => event.resourceId === id)
        .map((one) => Number(one.event.resourceVersion));
      expect(versions).toEqual(upTo(versions.length));
    }
  }
  // No fork: whoever read early read what stands there in the end.
  expect(seen.length).toBeGreaterThan(0);
  expect(seen).toEqual(log.slice(0, seen.length));
  return log.length;
}

async function opened(url: string): Promise<Store> {
  const store = await openStore({ url, collections: [keys], clock: Date.now });
  onTestFinished(() => store.close());
  return store;
}

/** What went on after which fault, for whoever reads the test's output. */
const tell = (name: string, what: string, times: readonly number[]): void =>
  console.info(`${name}, lease ${lease} ms: ${what}, the other went on after ${times.join(", ")} ms`);

const drivers = [
  { name: "postgres", makeUrl: sharedDatabase },
  {
    name: "sqlite",
    makeUrl: async () => {
      const folder = mkdtempSync(join(tmpdir(), "koder-id-sequencer-"));
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      return `sqlite:${join(folder, "test.db")}`;
    },
  },
] as const;

test.each(drivers)("$name: the holder of the lease is killed, again and again", async ({ name, makeUrl }) => {
  const url = await makeUrl();
  const store = await opened(url);
  const two = await startTwo(url);
  const working = work(store);
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const [holder, other] = await two.active();
    await delay(Math.random() * 50);
    await holder.kill();
    times.push(await untilItMoves(other));
    await two.replace(holder);
  }
  expect(await checkLog(store, await working.stop())).toBeGreaterThan(50);
  tell(name, "killed", times);
});

test.each(drivers)(
  "$name: the holder stands still beyond its lease, anywhere, and comes back",
  async ({ name, makeUrl }) => {
    const url = await makeUrl();
    const store = await opened(url);
    const two = await startTwo(url);
    const working = work(store);
    const times: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const [holder, other] = await two.active();
      await delay(Math.random() * 50);
      await stopElsewhere(store, holder);
      times.push(await untilItMoves(other));
      await untilItMoves(other, 5);
      holder.signal("SIGCONT");
      await untilItMoves(other, 5);
      expect(holder.count("failed")).toBe(0);
    }
    expect(await checkLog(store, await working.stop())).toBeGreaterThan(50);
    tell(name, "stopped", times);
  },
);

/** Stops a process; one that has the sqlite file at that moment goes on, because nobody could write until it does. */
async function stopElsewhere(store: Store, sequencer: Sequencer): Promise<void> {
  for (;;) {
    sequencer.signal("SIGSTOP");
    const isWritable = await Promise.race([store.ping().then(() => true), delay(500).then(() => false)]);
    if (isWritable) return;
    sequencer.signal("SIGCONT");
    await delay(Math.random() * 20);
  }
}

test.each(drivers)(
  "$name: the holder stands still between its lease and its transaction",
  async ({ name, makeUrl }) => {
    const url = await makeUrl();
    const store = await opened(url);
    const two = await startTwo(url);
    const working = work(store);
    const times: number[] = [];
    for (let round = 0; round < 2; round += 1) {
      const [holder, other] = await two.active();
      const [paused, refused] = [holder.count("pausing"), holder.count("refused")];
      holder.signal("SIGUSR2");
      await soon(() => holder.count("pausing") > paused);
      times.push(await untilItMoves(other));
      holder.signal("SIGCONT");
      // It insists on the fence that it had.
      const moved = holder.count("moved");
      await soon(() => holder.count("refused") > refused);
      expect(holder.count("moved")).toBe(moved);
    }
    expect(await checkLog(store, await working.stop())).toBeGreaterThan(50);
    tell(name, "stopped with the lease in its hand", times);
  },
);

test("postgres: the holder stands still in the middle of its transaction, with the row of the lease locked", async () => {
  const url = await sharedDatabase();
  const store = await opened(url);
  const two = await startTwo(url);
  const working = work(store);
  const [blocker, watcher] = [await connected(url), await connected(url)];
  const sessions = async (condition: string): Promise<number> =>
    (await watcher.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND ${condition}`))
      .rowCount ?? 0;
  let [holder, other] = await two.active();
  // It must wait for us with the first of its transaction, and is stopped there; what it sent by then is done without it.
  // Where it was about to renew its lease it waits with that instead: then it is let go, and caught again.
  const caught = async (): Promise<boolean> => {
    [holder, other] = await two.active();
    await blocker.query("BEGIN");
    await blocker.query("SELECT 1 FROM leases WHERE name = 'sequencer' FOR UPDATE");
    for (let looks = 0; looks < 50; looks += 1) {
      if (await sessions("wait_event_type = 'Lock' AND query LIKE '%UPDATE leases SET fence = fence%'")) return true;
      await delay(10);
    }
    await blocker.query("ROLLBACK");
    return false;
  };
  await soon(caught);
  holder.signal("SIGSTOP");
  await blocker.query("COMMIT");
  await soon(() => sessions("state = 'idle in transaction'"));
  const waited = await untilItMoves(other);
  holder.signal("SIGCONT");
  await untilItMoves(other, 5);
  expect(await checkLog(store, await working.stop())).toBeGreaterThan(50);
  tell("postgres", "stopped with its transaction open", [waited]);
});

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}
