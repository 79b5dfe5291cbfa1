import { environmentOf } from "../envs/index.js";
import { type EpisodeRecording, recordEpisode } from "../figures/recording.js";
import { readRunCheckpoint, type StoredRun } from "../runs/store.js";
import { restoreNetworks } from "../training/networks.js";
import { greedyPolicy } from "../training/rollout.js";

/**
 * Lets a trained team play one episode greedily, from the last checkpoint of its run, and records it for a replay.
 *
 * @throws {RunError} when the run has no checkpoint yet
 * @example
 * showReplay(playTrained(run, 7));
 */
export function playTrained(run: StoredRun, seed: number): EpisodeRecording {
  const { config, directory } = run;
  const { state } = readRunCheckpoint(directory);
  const env = environmentOf(config);
  const engine = restoreNetworks(config, state);
  try {
    return recordEpisode(env, greedyPolicy(engine.createActor(1)), seed);
  } finally {
    engine.dispose();
  }
}
