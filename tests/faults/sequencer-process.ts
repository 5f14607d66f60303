import { runSequencer } from "../../services/host/event-log/sequencer.ts";
import { createLog } from "../../services/host/log.ts";
import { createMetrics } from "../../services/host/metrics.ts";
import { keys } from "../../services/store/conformance/test-records.ts";
import { openStore } from "../../services/store/open-store.ts";
import { say } from "./say.ts";

// A program that sequences a store's events until it is killed. It says `ready`, `moved` after each transaction that moved
// any, `refused` where its fence was, and `failed` at whatever else went wrong. SIGUSR2 makes it stop itself, with SIGSTOP,
// after it has the lease and just before its next transaction, having said `pausing`; once it goes on, it tries with that
// same lease until it is refused.
const [url = "", holder = "", lease = ""] = process.argv.slice(2);
let pausing = false;
process.on("SIGUSR2", () => (pausing = true));
const store = await openStore({ url, collections: [keys], clock: Date.now });
const system = store.system();
runSequencer({
  system: {
    ...system,
    async sequence(held, limit) {
      const insists = pausing;
      if (pausing) {
        pausing = false;
        say("pausing");
        process.kill(process.pid, "SIGSTOP");
      }
      try {
        for (;;) {
          const moved = await system.sequence(held, limit);
          if (moved > 0) say("moved");
          if (!insists) return moved;
        }
      } catch (error) {
        say(error instanceof Error && error.name === "LeaseLost" ? "refused" : "failed");
        throw error;
      }
    },
  },
  holder,
  clock: Date.now,
  log: createLog({ level: "silent" }),
  metrics: createMetrics(),
  times: { every: 5, lease: Number(lease) },
});
say("ready");
// Its own timers do not keep a process alive.
setInterval(() => undefined, 60_000);
