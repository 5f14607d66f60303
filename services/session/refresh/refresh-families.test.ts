import { randomInt } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sharedDatabase } from "../../../tests/support/postgres-shared.ts";
import { testFolder } from "../../store/drivers/sqlite/test-folder.ts";
import { aRunOfEverything } from "./testing/family-example.ts";
import { openReplicas } from "./testing/family-replicas.ts";
import { rounds } from "./testing/family-rounds.ts";
import { follow } from "./testing/family-run.ts";

/** How long a driver is tried for, in milliseconds. What fails is made smaller for as long again, at most. */
const patience = 10_000;
/** The same seed makes the same runs: set KODER_ID_TEST_SEED to see again what a run of the tests printed. */
const seed = Number(process.env["KODER_ID_TEST_SEED"] ?? randomInt(2 ** 31));

const drivers = [
  { driver: "memory", urlOf: async () => "memory:" },
  { driver: "sqlite", urlOf: async () => `sqlite:${join(testFolder(), "families.db")}` },
  { driver: "postgres", urlOf: sharedDatabase },
] as const;

test.each(drivers)(
  "A28, A31: whatever happens to families at two replicas is what the model says, on $driver",
  { timeout: 120_000 },
  async ({ driver, urlOf }) => {
    const replicas = await openReplicas(await urlOf());
    const outcomes = new Map<string, number>();
    let runs = 0;
    const property = fc.asyncProperty(rounds, (run) =>
      follow(replicas, `run${(runs += 1)}`, run, (outcome) => {
        const name = outcome === "done" ? outcome : "gave" in outcome ? "gave" : outcome.refused;
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      }),
    );
    try {
      await fc.assert(property, {
        seed,
        examples: [[aRunOfEverything]],
        numRuns: 1_000,
        interruptAfterTimeLimit: patience,
        markInterruptAsFailure: false,
      });
    } finally {
      await replicas.close();
      console.info(`${driver}: seed ${seed}, ${runs} runs, outcomes ${JSON.stringify(Object.fromEntries(outcomes))}`);
    }
    // Who loses the way finds nothing.
    for (const outcome of ["gave", "done", "REUSED", "OTHER_CLIENT", "REVOKED", "IDLE", "AHEAD", "scope"]) {
      expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(0);
    }
  },
);
