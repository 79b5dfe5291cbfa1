import { type Config, resolveConfig } from "../../src/config.js";
import { runOne } from "../../src/runs/run.js";
import { runOf, type StoredRun } from "../../src/runs/store.js";
import { battleUnder, LEARNING_MAPS, type Learning, learningOf, RULE_SET_STEPS } from "./learning.js";

// Trains with PyMARL's default settings in the battles of the simulator, to compare learning with the real game's: `npx
// tsx bench/real-game/learn.ts [MAP:SEED[:HABIT=NUMBER,...] ...]`, for example 3m:1 8m:1, or 3m:1:whim=10 by another
// rule set; without arguments two seeds of 3m, 8m and 2s3z, then three more. A run ends when three evaluations in a row
// average .9. The same command resumes interrupted runs, which are in data/runs (MAST_RUNS).

/**
 * Dense QMIX, one update an episode from one buffer, epsilon over 50,000 steps, no warm-up, one-step targets with
 * double Q.
 */
function pymarl(map: string, seed: number, habits = ""): Config {
  return resolveConfig({
    environment: habits === "" ? map : battleUnder(map, habits),
    method: "dense",
    steps: habits === "" ? (LEARNING_MAPS[map] ?? 500_000) : RULE_SET_STEPS,
    seed,
    warmup: 0,
    operator: { kind: "max", doubleQ: true },
    returns: { kind: "one-step" },
    replay: { offlineBatch: 32, onlineBatch: 0 },
  });
}

function learned(run: StoredRun | undefined): Learning {
  return learningOf(run?.metrics.filter(({ kind }) => kind === "evaluation") ?? []);
}

const inOrder = [
  [1, 2],
  [3, 4, 5],
].flatMap((seeds) => ["3m", "8m", "2s3z"].flatMap((map) => seeds.map((seed) => `${map}:${seed}`)));
const stopped = new AbortController();
process.once("SIGINT", () => stopped.abort());
for (const name of process.argv.length > 2 ? process.argv.slice(2) : inOrder) {
  const [map = "", seed = "1", habits] = name.split(":");
  const config = pymarl(map, Number(seed), habits);
  let run = runOf(config);
  if (learned(run).nineTenths === Infinity && run?.state !== "complete") {
    const enough = new AbortController();
    let evaluated = -1;
    run = await runOne(config, {
      signal: AbortSignal.any([stopped.signal, enough.signal]),
      onProgress: ({ step }) => {
        const evaluations = Math.floor(step / config.evaluation.interval);
        if (evaluations === evaluated) return;
        evaluated = evaluations;
        if (learned(runOf(config)).nineTenths < Infinity) enough.abort();
      },
    });
  }
  const { half, nineTenths, between, extremes } = learned(run);
  const when = (step: number): string => (step === Infinity ? `not by ${run?.step}` : String(step));
  console.log(
    `${config.environment} seed ${seed}: .5 at ${when(half)}, .9 at ${when(nineTenths)}; ` +
      `${extremes} of ${between} evaluations between first .1 and first .9 are 0 or 1`,
  );
  if (stopped.signal.aborted) break;
}
