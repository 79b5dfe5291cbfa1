import type { Config } from "../config.js";
import { environmentOf } from "../envs/index.js";
import type { Engine } from "../networks/engine.js";
import { createDualBuffer, storedEpisodes } from "../replay/dual.js";
import type { Episode } from "../replay/episode.js";
import { groupEpisodes, LANES } from "../replay/group.js";
import { addChoices, mixChoices, type StoredChoices, storedChoices } from "../replay/stored-choices.js";
import { greedyActions } from "../targets/actions.js";
import { restoreNetworks } from "../training/networks.js";
import type { ReplayState, TrainState } from "../training/records.js";
import { createEpisodeRecorder } from "../training/rollout.js";
import { replayEpisodes } from "../training/state.js";
import { explorationRate } from "../training/progress.js";
import { train } from "../training/train.js";
import { workerFile } from "../runs/workers.js";

/** Stored choices of episodes of about the same age. */
export interface AgedChoices extends StoredChoices {
  /** Number of training episodes since the newest of these: 0 for the last episode played. */
  readonly age: number;
}

/** The content of the replay buffers at one moment of training, compared with the policy of that moment. */
export interface DistanceMoment {
  /** Environment steps that the run has made so far. */
  readonly step: number;
  /** Training episodes that the run has played so far. */
  readonly episode: number;
  /** The offline buffer, newest first, in blocks of up to 16 episodes; the online buffer is the first of them. */
  readonly blocks: readonly AgedChoices[];
}

/**
 * Trains a configuration and, at the first end of an episode at or after each of the given steps, compares all episodes
 * in the buffers with the policy of that moment. The comparison does not change a bit of the run.
 *
 * Both buffers are measured even if no batch is drawn from one of them: a run with a single buffer has newest episodes
 * as well.
 *
 * @param moments environment steps, increasing
 * @throws the signal's reason when it is aborted
 * @example
 * const moments = await followDistances(resolveConfig({ environment: "3m", steps: 100_000 }), [50_000, 100_000]);
 * shareChanged(offlineChoices(moments[1]));
 */
export async function followDistances(
  config: Config,
  moments: readonly number[],
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (step: number) => void } = {},
): Promise<DistanceMoment[]> {
  const env = environmentOf(config);
  const recorder = createEpisodeRecorder(env, config.rewardScale);
  // A state brings all that its run has stored; only what is new since the last moment is played again.
  const buffers = createDualBuffer({ ...config.replay, offlineBatch: 1, onlineBatch: 1 });
  let played = 0;
  const found: DistanceMoment[] = [];
  for await (const record of train(config, { checkpointEvery: 0, signal })) {
    if (record.kind === "train") onProgress?.(record.step);
    if ((record.kind !== "checkpoint" && record.kind !== "end") || !(record.step >= moments[found.length])) continue;
    await replayEpisodes(buffers, recorder, since(record.state.replay, played, env.sizes.agents), config);
    played = record.episode;
    const engine = restoreNetworks(config, record.state);
    const blocks = measureBlocks(engine, storedEpisodes(buffers), config, record.step);
    found.push({ step: record.step, episode: record.episode, blocks });
    engine.dispose();
  }
  signal?.throwIfAborted();
  return found;
}

/** Returns the file of the worker that follows a run in a thread of a pool, see `distance-worker.ts`. */
export function distanceWorker(): ReturnType<typeof workerFile> {
  return workerFile("distance-worker", import.meta.url);
}

/** Sums up the offline buffer, from which a batch of a single buffer is drawn. */
export function offlineChoices({ blocks }: DistanceMoment): StoredChoices {
  return addChoices(blocks);
}

/** Sums up the online buffer. */
export function onlineChoices({ blocks }: DistanceMoment, { replay }: Config): StoredChoices {
  return addChoices(blocks.filter(({ age }) => age < replay.onlineCapacity));
}

/** Computes what a batch holds on average, with S_1 episodes from the offline and S_2 from the online buffer. */
export function batchChoices(moment: DistanceMoment, config: Config): StoredChoices {
  const { offlineBatch, onlineBatch } = config.replay;
  return mixChoices([
    [offlineChoices(moment), offlineBatch],
    [onlineChoices(moment, config), onlineBatch],
  ]);
}

/** Compares episodes, given oldest first, in blocks that start at the newest. */
function measureBlocks(
  engine: Engine<true>,
  episodes: readonly Episode[],
  config: Config,
  step: number,
): AgedChoices[] {
  const newest = [...episodes].reverse();
  // The newest episode ended at the present step, and each other episode where the next one began.
  const begins = new Map<Episode, number>();
  let begin = step;
  for (const episode of newest) begins.set(episode, (begin -= episode.length));

  const blocks: AgedChoices[] = [];
  for (let age = 0; age < newest.length;) {
    // A block belongs to the online buffer either as a whole or not at all.
    const last = age < config.replay.onlineCapacity ? config.replay.onlineCapacity : Infinity;
    const block = newest.slice(age, Math.min(age + LANES, last));
    const [group] = groupEpisodes(block, engine.shape);
    engine.load(group);
    const greedy = greedyActions(engine.networks.agent.forward("online"), group);
    const epsilon = (lane: number, t: number) =>
      explorationRate(config.exploration, begins.get(group.episodes[lane])! + t);
    blocks.push({ age, ...storedChoices(greedy, group, epsilon) });
    age += block.length;
  }
  return blocks;
}

/** Selects the stored episodes from number `first` of the run on. */
function since({ indices, seeds, lengths, actions }: TrainState["replay"], first: number, agents: number): ReplayState {
  const known = indices.findIndex((index) => index >= first);
  const from = known < 0 ? indices.length : known;
  const steps = lengths.subarray(0, from).reduce((sum, length) => sum + length, 0);
  return {
    indices: indices.subarray(from),
    seeds: seeds.subarray(from),
    lengths: lengths.subarray(from),
    actions: actions.subarray(steps * agents),
  };
}
