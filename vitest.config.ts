import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "bench/**/*.test.ts", "site/**/*.test.ts"],
    // Tests of the core train in Node.js, too.
    setupFiles: ["src/node/host.ts"],
    // The project promises to pass on two cores. A third worker uses the time in which tests wait for processes of
    // their own: browsers, clusters, campaigns.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
