import { defineConfig } from "vitest/config";

// Tests beside the code run side by side; what starts servers, browsers or many processes runs one file at a time.
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
          include: ["tests/{e2e,attacks,conformance,interop,faults,clients}/**/*.test.ts"],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
    maxWorkers: 2,
  },
});
