import { defineConfig } from "vitest/config";

/** What kills processes, and looks at what they left only: it may take its time. */
const patient = "tests/faults/{crash-between-services,sqlite-durability,store-copy-killed,vault-rotation}.test.ts";

/** What waits for most of its time, for a lifetime to end or a pause to pass, and is about no second of it. */
const waiting = ["tests/conformance/{basic,form-post,dynamic}.test.ts", "tests/faults/key-rotation.test.ts"];

// Files run two at a time, the quick ones first, and those that wait four; what kills processes, and says within how long something must happen, runs alone.
export default defineConfig({
  test: {
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: [
            "services/**/*.test.ts",
            "clients/**/*.test.ts",
            "tools/**/*.test.ts",
            "bench/**/*.test.ts",
            "tests/contract/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: ["tests/{e2e,attacks,conformance,interop,clients}/**/*.test.ts", patient],
          exclude: waiting,
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
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["tests/faults/**/*.test.ts"],
          exclude: [patient, ...waiting],
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
