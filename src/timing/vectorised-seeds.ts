import type { Config } from "../config.js";
import type { Tensorflow } from "../host.js";
import { createVectorisedRuns } from "../networks/tensorflow/engine.js";
import type { Engine } from "../networks/engine.js";
import type { NetworkShape } from "../networks/parameters.js";
import type { Episode } from "../replay/episode.js";
import { createRandom } from "../random.js";
import { randomEpisodes } from "../replay/random-episodes.js";
import { type Start, startEngine, startNetworks, update } from "./random-learner.js";

/** Random networks of several seeds whose updates are vectorised, each from a batch of its own. */
export interface VectorisedSeeds {
  /** The engines, one for each seed. */
  readonly engines: readonly Engine[];
  /** Returns the networks from which seed 1, 2, ... began, by index. The caller has to dispose of its sparse engine. */
  start(index: number): Start;
  /** Returns the batch of a seed. */
  batch(index: number): readonly Episode[];
  /**
   * Makes one update of every seed. `engines`, if given, are used instead of its own, for example to observe the
   * update.
   */
  update(config: Config, engines?: readonly Engine[]): Promise<void>;
  /** Frees the memory of all engines. */
  dispose(): void;
}

/** Settings of the networks and batches of vectorised seeds. */
export interface VectorisedSeedsPlan {
  /** Number of seeds: 1, 2 and so on. */
  readonly seeds: number;
  /** Share of weights kept, by Erdos-Renyi masks; 1 is dense. */
  readonly density: number;
  /** Length of each episode of a batch. [episodes] */
  readonly lengths: readonly number[];
}

/** Number of batches, which all seeds share in turn, because batches are large. */
const BATCHES = 4;

/**
 * Starts the tensorflow engine with random networks of several seeds, as `runAll` does with the runs of one
 * configuration.
 *
 * @example
 * const eight = startVectorisedSeeds(tf, shape, { seeds: 8, density: 0.1, lengths: Array(32).fill(25) });
 * await eight.update(ruleConfig(mastRule));
 */
export function startVectorisedSeeds(
  tf: Tensorflow,
  shape: NetworkShape,
  { seeds, density, lengths }: VectorisedSeedsPlan,
): VectorisedSeeds {
  const runs = createVectorisedRuns(tf, seeds);
  const start = (index: number) => startEngine(shape, density, index + 1);
  const batches = Array.from({ length: Math.min(BATCHES, seeds) }, (_, i) =>
    randomEpisodes(shape, lengths, createRandom(2, i)),
  );
  const batch = (index: number) => batches[index % batches.length];
  const engines = Array.from({ length: seeds }, (_, index) => {
    const { online, target, masks } = startNetworks(shape, density, index + 1);
    const engine = runs.open(index)(shape, online, masks) as Engine;
    engine.write("target", target);
    return engine;
  });
  return {
    engines,
    start,
    batch,
    update: async (config, watched = engines) =>
      void (await Promise.all(watched.map((engine, index) => update(engine, batch(index), config)))),
    dispose: () => engines.forEach((engine) => engine.dispose()),
  };
}
