import { environmentOf } from "../envs/index.js";
import { type EpisodeRecording, recordEpisode } from "../figures/recording.js";
import { readRunCheckpoint, type StoredRun } from "../runs/store.js";
import { openTeam } from "../training/team.js";

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
  const team = openTeam(config, state);
  try {
    return recordEpisode(env, team.policy, seed);
  } finally {
    team.dispose();
  }
}
