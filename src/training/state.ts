import { LabError } from "../errors.js";
import type { Config } from "../config.js";
import type { EnvironmentSizes } from "../envs/environment.js";
import { currentHost } from "../host.js";
import type { NetworkEngine } from "../networks/engine.js";
import type { Parameters } from "../networks/parameters.js";
import { type DualBuffer, addEpisode, storedEpisodes } from "../replay/dual.js";
import type { Episode } from "../replay/episode.js";
import type { TransitionBuffer } from "../replay/transitions.js";
import { countNonzeros } from "../sparse/mask.js";
import type { EpisodeData, ReplayState, TopologyRecord } from "./records.js";
import type { EpisodeRecorder } from "./rollout.js";

/** Copies of all that an engine has learned, under "online.NAME", "target.NAME" and "optimiser.NAME". */
export async function captureTensors(engine: NetworkEngine): Promise<Map<string, Float32Array>> {
  const tensors = new Map<string, Float32Array>();
  const put = (side: string, values: Parameters) =>
    values.forEach((value, name) => tensors.set(`${side}.${name}`, value));
  put("online", await engine.read("online"));
  put("target", await engine.read("target"));
  put("optimiser", await engine.readOptimiser());
  return tensors;
}

/** Picks the captured tensors that belong to one side, by parameter name. */
export function tensorsOf(tensors: Parameters, side: "online" | "target" | "optimiser"): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  tensors.forEach((value, name) => {
    if (name.startsWith(`${side}.`)) values.set(name.slice(side.length + 1), value);
  });
  return values;
}

/** The masks of all maskable weights, by name. */
export function captureMasks(engine: NetworkEngine): Map<string, Uint8Array> {
  return new Map(engine.parameters.filter((spec) => spec.maskable).map(({ name }) => [name, engine.mask(name)]));
}

/** The record of the topology that training begins with. */
export function firstTopology(engine: NetworkEngine): TopologyRecord {
  const masks = captureMasks(engine);
  const layers = [...masks].map(([name, mask]) => ({ name, nonzeros: countNonzeros(mask), dropped: 0, grown: 0 }));
  return { kind: "topology", step: 0, episode: 0, evolution: 0, fraction: 0, layers, masks };
}

/**
 * Describes the stored episodes by their seeds and joint actions, and adds their data where they cannot be played
 * again.
 *
 * @param deterministic whether the environment can play them again
 */
export function captureReplay(buffers: DualBuffer, deterministic: boolean): ReplayState {
  const episodes = storedEpisodes(buffers);
  const actions = new Uint8Array(episodes.reduce((bytes, episode) => bytes + episode.actions.length, 0));
  let offset = 0;
  for (const episode of episodes) {
    actions.set(episode.actions, offset);
    offset += episode.actions.length;
  }
  return {
    ...(!deterministic && { data: captureData(episodes) }),
    indices: Int32Array.from(episodes, (episode) => episode.index),
    seeds: Int32Array.from(episodes, (episode) => episode.seed),
    lengths: Int32Array.from(episodes, (episode) => episode.length),
    actions,
  };
}

/** Copies what a buffer of transitions holds; there are no episodes beside it. */
export function captureTransitions(buffer: TransitionBuffer): ReplayState {
  return {
    indices: new Int32Array(0),
    seeds: new Int32Array(0),
    lengths: new Int32Array(0),
    actions: new Uint8Array(0),
    transitions: buffer.store(),
  };
}

function captureData(episodes: readonly Episode[]): EpisodeData {
  const floats = (key: "observations" | "states" | "rewards") =>
    joined(
      episodes.map((episode) => episode[key]),
      (size) => new Float32Array(size),
    );
  return {
    observations: floats("observations"),
    states: floats("states"),
    availableActions: joined(
      episodes.map(({ availableActions }) => availableActions),
      (size) => new Uint8Array(size),
    ),
    rewards: floats("rewards"),
    terminal: Uint8Array.from(episodes, ({ terminal }) => (terminal ? 1 : 0)),
  };
}

/** Concatenates arrays. */
function joined<Values extends Float32Array | Uint8Array>(
  arrays: readonly Values[],
  make: (size: number) => Values,
): Values {
  const all = make(arrays.reduce((size, { length }) => size + length, 0));
  let offset = 0;
  for (const array of arrays) {
    all.set(array, offset);
    offset += array.length;
  }
  return all;
}

/**
 * Fills empty buffers with the episodes of a checkpoint whose environment is not deterministic.
 * @throws {Error} when the episodes have other sizes than the environment
 */
export function restoreEpisodes(
  buffers: DualBuffer,
  { agents, actions, observation, state }: EnvironmentSizes,
  { indices, seeds, lengths, actions: taken, data }: ReplayState,
): void {
  if (data === undefined)
    throw new LabError(
      "The checkpoint holds no data of its episodes, and their environment cannot play them again: start the run again from the beginning.",
    );
  const at = { observations: 0, states: 0, availableActions: 0, rewards: 0, actions: 0 };
  /**
   * Copies the next `size` values of one of the arrays, so that an episode's memory is freed when it leaves the buffer.
   */
  const next = <Values extends Float32Array | Uint8Array>(
    key: keyof typeof at,
    values: Values,
    size: number,
  ): Values => {
    if (at[key] + size > values.length)
      throw new LabError(
        `The ${key} in this checkpoint end before its episodes do: the environment's sizes have changed since. Start the run anew.`,
      );
    return values.slice(at[key], (at[key] += size)) as Values;
  };
  lengths.forEach((length, i) => {
    addEpisode(buffers, {
      index: indices[i],
      seed: seeds[i],
      length,
      observations: next("observations", data.observations, (length + 1) * agents * observation),
      states: next("states", data.states, (length + 1) * state),
      availableActions: next("availableActions", data.availableActions, (length + 1) * agents * actions),
      actions: next("actions", taken, length * agents),
      rewards: next("rewards", data.rewards, length),
      terminal: data.terminal[i] === 1,
    });
  });
}

/**
 * Fills empty buffers by playing the stored episodes again, which takes up to a minute for a large buffer. It yields to
 * other tasks meanwhile.
 * @param recorder plays them, in an environment as that of the run
 * @returns false when the signal stopped it
 * @throws {Error} when an episode does not end where it ended before: the environment is not the one that made it
 */
export async function replayEpisodes(
  buffers: DualBuffer,
  recorder: EpisodeRecorder,
  stored: ReplayState,
  config: Config,
  signal?: AbortSignal,
): Promise<boolean> {
  const { agents } = recorder.env.sizes;
  let offset = 0;
  let lastTurn = performance.now();
  for (const [i, seed] of stored.seeds.entries()) {
    if (performance.now() - lastTurn > 20) {
      await currentHost().nextTurn();
      lastTurn = performance.now();
    }
    if (signal?.aborted) return false;
    const length = stored.lengths[i];
    const actions = stored.actions.subarray(offset, offset + length * agents);
    offset += actions.length;
    const changed = (why: string) =>
      new LabError(
        `The replay buffer of this checkpoint cannot be rebuilt: episode ${stored.indices[i]} of ${config.environment} ${why}. ` +
          "The rules of the environment have changed since; start the run anew, or use the version of mast-lab that wrote it.",
      );
    const { episode } = recorder.play(
      ({ availableActions, sizes }, jointAction, t) => {
        if (t >= length) throw changed(`did not end after ${length} steps`);
        jointAction.set(actions.subarray(t * agents, (t + 1) * agents));
        if (jointAction.some((action, agent) => availableActions[agent * sizes.actions + action] !== 1)) {
          throw changed(`does not allow its actions at step ${t} any more`);
        }
      },
      seed,
      stored.indices[i],
    );
    if (episode.length !== length) throw changed(`ended after ${episode.length} steps instead of ${length}`);
    addEpisode(buffers, episode);
  }
  return true;
}
