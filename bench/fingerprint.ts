import "../src/node/host.js";
import { createHash } from "node:crypto";
import { resolveConfig } from "../src/config.js";
import { shortRun } from "../src/short-run.js";
import { recordText } from "../src/training/fixtures.js";
import { train } from "../src/training/train.js";

// Prints hashes of all records of three fixed runs, one of each family of algorithms. Two versions of the code that
// print the same hashes train the same, bit for bit: run it before and after a refactoring. `npx tsx
// bench/fingerprint.ts`, ten seconds.
const RUNS = [
  ["qmix", "mast"],
  ["ow-qmix", "rigl"],
  ["res", "set"],
] as const;

for (const [algorithm, method] of RUNS) {
  const hashes: Record<string, ReturnType<typeof createHash>> = {};
  const config = resolveConfig(
    shortRun({ environment: "3m", algorithm, method, sparsity: { level: 0.9 }, steps: 8000, seed: 3 }),
  );
  // Checkpoints depend on the clock and do not change the run.
  for await (const record of train(config, { checkpointEvery: Infinity }))
    (hashes[record.kind] ??= createHash("sha256")).update(recordText(record));
  console.log(
    `${algorithm}, ${method}: ${Object.entries(hashes)
      .map(([kind, hash]) => `${kind} ${hash.digest("hex").slice(0, 16)}`)
      .sort()
      .join("  ")}`,
  );
}
