import { writeFileSync } from "node:fs";
import type { Config } from "../config.js";
import { rowsCsv } from "../results/csv.js";
import { keptPaths } from "../results/kept-runs.js";
import { runName } from "../runs/store.js";

/** Writes the tables of the paper's budget as if these runs had been trained, with 21 equal evaluations each. */
export function keepPaperRuns(folder: string, configs: readonly Config[], score: (config: Config) => number): void {
  const paths = keptPaths("paper", folder);
  const names = configs.map((config) => ({ run: runName(config), score: score(config) }));
  writeFileSync(paths.runs, `${rowsCsv(names)}\n`);
  const curve = names.flatMap(({ run, score: winRate }) =>
    Array.from({ length: 21 }, (_, i) => ({ run, step: 10_000 * i, winRate })),
  );
  writeFileSync(paths.evaluations, `${rowsCsv(curve)}\n`);
}
