import { defineConfig } from "vitest/config";

/** What kills processes, and looks at what they left only: it may take its time. */
const patient = "tests/faults/{crash-between-services,sqlite-durability,store-copy-killed,vault-rotation}.test.ts";

// Files run two at a time, the quick ones first; what kills processes, and says within how long something must happen, runs alone.
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
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "faults",
          include: ["tests/faults/**/*.test.ts"],
          exclude: [patient],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    maxWorkers: 2,
  },
});
