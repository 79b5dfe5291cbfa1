import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "bench/**/*.test.ts", "site/**/*.test.ts"],
    // Tests of the core train in Node.js, too.
    setupFiles: ["src/node/host.ts"],
    // Two workers at most: the project promises to pass on two cores, and some tests start processes of their own.
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
