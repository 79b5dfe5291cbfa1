import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take a minute and more begin first, so that no core waits for the last of them at the end. */
const LONGEST = [
  "src/setup/lab.test.ts",
  "bench/cluster/slurm.test.ts",
  "src/cli.test.ts",
  "src/training/engines.test.ts",
  "src/setup/course.test.ts",
  "src/node/kernels.test.ts",
  "src/networks/tensorflow/parity.test.ts",
  "src/cli/figures.test.ts",
  "site/playground/playground.test.ts",
  "src/runs/ticket.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.indexOf(relative(import.meta.dirname, moduleId).replaceAll("\\", "/"));
      return index < 0 ? LONGEST.length : index;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "bench/**/*.test.ts", "site/**/*.test.ts"],
    // Tests of the core train in Node.js, too.
    setupFiles: ["src/node/host.ts"],
    // The project promises to pass on two cores. A third worker uses the time in which tests wait for processes of
    // their own: browsers, clusters, campaigns.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
