import { join } from "node:path";
import { defaultExclude, defineConfig } from "vitest/config";
import LongestFirst from "./tools/test/longest-first.ts";

/** What says within how long something must happen, while processes are killed: it runs alone. */
const timed = "tests/faults/{postgres-outcome,postgres-restart,replicas-under-load}.test.ts";

/**
 * What waits for most of its time, for a lifetime to end, a pause to pass or the lease of a killed process to run out, and is
 * about no second of it.
 */
const waiting = [
  "tests/conformance/{basic,form-post,dynamic}.test.ts",
  "tests/e2e/backchannel-logout.test.ts",
  "tests/faults/{key-rotation,store-copy-killed,vault-rotation}.test.ts",
];

const units = [
  "services/**/*.test.ts",
  "clients/**/*.test.ts",
  "tools/**/*.test.ts",
  "bench/**/*.test.ts",
  "tests/contract/**/*.test.ts",
];

/** Unit tests that need a process of their own: what they change, or leave open, belongs to all that runs in it. */
const apart = [
  "services/host/{outbound/guarded-fetch,interceptors/deadline,pool-priority}.test.ts",
  "services/host/transport/**/*.test.ts",
  "services/session/browser-sessions/session-use.test.ts",
  "services/store/**/*.test.ts",
  "services/vault/random.test.ts",
  "clients/typescript/transport.test.ts",
];

// Unit tests run two files at a time, and those with servers three: each of them waits now and then, for a server to start above
// all. Those that look at the clock run one by one. All of `npm test` has those that wait beside the others (tools/test.ts).
export default defineConfig({
  test: {
    pool: "forks",
    // What a test polls for comes at once, unless the machine is busy with other things.
    expect: { poll: { timeout: 20_000 } },
    sequence: { sequencer: LongestFirst },
    // As `npm start` has it: what a command, or another process that a test starts, is made of is compiled once.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, "node_modules/.cache/koder-id") },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: units,
          exclude: [...defaultExclude, ...apart],
          // Files share a process: to load what each needs took most of the time otherwise.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: { name: "apart", include: apart, testTimeout: 60_000, hookTimeout: 30_000 },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["tests/{e2e,attacks,conformance,interop,clients,faults}/**/*.test.ts"],
          exclude: [timed, ...waiting],
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "waiting",
          include: waiting,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: [timed],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    maxWorkers: 2,
  },
});
