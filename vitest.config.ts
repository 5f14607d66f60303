import { defineConfig } from "vitest/config";

// Files run two at a time, the quick ones first; what kills processes, and says what must happen within how long, runs alone.
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
          include: ["tests/{e2e,attacks,conformance,interop,clients}/**/*.test.ts"],
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
