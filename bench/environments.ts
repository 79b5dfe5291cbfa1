import { createEnvironment } from "../src/envs/index.js";
import { playRandom } from "../src/envs/play.js";
import { fastest, time, type Benchmark, type Effort, type Row } from "./measure.js";

/** Seconds of samples for each map. */
const SECONDS = 3;

/** Steps of one sample: hundredths of a second, so that some samples run undisturbed on a busy machine. */
const MAPS = { "3m": 5_000, "2s3z": 3_000, "3s5z": 2_000, "2c_vs_64zg": 400 };

/**
 * Measures environment steps a second under the starcraft rules, by uniformly random legal play with observations,
 * state and available actions.
 */
export const environmentBenchmarks: readonly Benchmark[] = Object.entries(MAPS).map(([map, steps]) => ({
  name: `environment ${map}`,
  run: (effort) => play(map, effort.quick ? 200 : steps, effort),
}));

async function play(map: string, steps: number, effort: Effort): Promise<Row[]> {
  const env = createEnvironment(map);
  let played = 0;
  // Every sample plays the same seeds and does the same work, so that the fastest one is not just an easier episode.
  const best = await fastest(
    [{ name: map, sample: () => time(() => (played = playRandom(env, { steps, seed: 1 }).steps)) }],
    SECONDS,
    effort,
  );
  return [{ name: `environment ${map}, random legal play`, value: (1000 * played) / best[map], unit: "steps/s" }];
}
