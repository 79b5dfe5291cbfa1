import { resolveConfig } from "../../src/config.js";
import { runAll } from "../../src/runs/run-all.js";

// Trains with PyMARL's default settings in the battles of the simulator, to compare learning with the real game's:
// `npx tsx bench/real-game/learn.ts MAP STEPS SEEDS [WORKERS]`. It resumes what was interrupted; the runs lie in data/runs (MAST_RUNS).
const [map = "3m", steps = "500000", seeds = "5", workers = "1"] = process.argv.slice(2);

/** Dense QMIX, one update an episode from one buffer, epsilon over 50,000 steps, no warm-up, one-step targets with double Q. */
const configs = Array.from({ length: Number(seeds) }, (_, k) =>
  resolveConfig({
    environment: map,
    method: "dense",
    steps: Number(steps),
    seed: k + 1,
    warmup: 0,
    operator: { kind: "max", doubleQ: true },
    returns: { kind: "one-step" },
    replay: { offlineBatch: 32, onlineBatch: 0 },
  }),
);
const outcomes = await runAll(configs, { workers: Number(workers) });
for (const { config, run, error } of outcomes) {
  const evaluations = run?.metrics.filter(({ kind }) => kind === "evaluation") ?? [];
  const three = (least: number) => {
    const at = evaluations.findIndex(
      (_, k) => k >= 2 && evaluations.slice(k - 2, k + 1).reduce((sum, row) => sum + row.winRate, 0) / 3 >= least,
    );
    return at < 0 ? "never" : String(evaluations[at]!.step);
  };
  const from = evaluations.findIndex(({ winRate }) => winRate >= 0.1);
  const to = evaluations.findIndex(({ winRate }) => winRate >= 0.9);
  const between = evaluations.slice(Math.max(0, from), to < 0 ? undefined : to);
  const extreme = between.filter(({ winRate }) => winRate === 0 || winRate === 1).length;
  console.log(
    `${map} seed ${config.seed}: ${error?.message ?? `.5 at ${three(0.5)}, .9 at ${three(0.9)}, ${extreme} of ${between.length} evaluations between first .1 and first .9 are 0 or 1`}`,
  );
}
