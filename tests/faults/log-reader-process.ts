import { logReaders, runLogReader } from "../../services/host/event-log/log-reader.ts";
import { createLog } from "../../services/host/log.ts";
import { createMetrics } from "../../services/host/metrics.ts";
import { keys } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { say } from "./say.ts";

// A program that reads a store's event log as the reader `audit`, says the number of each event that it deals with, and
// kills itself once it has dealt with the last of so many batches, before it can save how far it has come.
const [url = "", holder = "", batches = ""] = process.argv.slice(2);
let left = Number(batches);
const store = await openStore({ url, collections: [keys, logReaders], clock: Date.now });
runLogReader({
  system: store.system(),
  name: "audit",
  from: "beginning",
  async handle(entries) {
    for (const { position } of entries) say(String(position));
    left -= 1;
    if (left === 0) process.kill(process.pid, "SIGKILL");
  },
  holder,
  clock: Date.now,
  log: createLog({ level: "silent" }),
  metrics: createMetrics(),
  times: { every: 5, lease: 300, retry: 10, longestRetry: 100 },
});
// Its own timers do not keep a process alive.
setInterval(() => undefined, 60_000);
